/**
 * requested ──▶ trying ──▶ ringing ──▶ answered
 *     └────────────┴──────────┴──────▶ failed        (from any of them; nothing leads out of the last two)
 *
 * One transfer, as its referrer is told of it: by us in NOTIFYs, or by whom we have asked (RFC 3515).
 */
type TransferPhase = 'requested' | 'trying' | 'ringing' | 'answered' | 'failed';

export interface TransferFailure {
  /** Null where nobody answered. */
  readonly sipStatus: number | null;
  readonly failedBy: 'target' | 'referee' | 'platform';
  readonly detail: string;
}

export type Transfer =
  | { readonly phase: Exclude<TransferPhase, 'failed'> }
  | ({ readonly phase: 'failed' } & TransferFailure);

export const requested: Transfer = { phase: 'requested' };

/** A response of who is called (1xx to 6xx), or why there will be none. */
export type TransferNews =
  | { readonly sipStatus: number; readonly detail: string; readonly from: 'target' | 'referee' }
  | ({ readonly failed: true } & TransferFailure);

const order: readonly TransferPhase[] = ['requested', 'trying', 'ringing', 'answered'];

/** What comes late or twice changes nothing. */
export function advanceTransfer(transfer: Transfer, news: TransferNews): Transfer {
  if (isOver(transfer)) return transfer;
  if ('failed' in news) {
    const { sipStatus, failedBy, detail } = news;
    return { phase: 'failed', sipStatus, failedBy, detail };
  }
  const { sipStatus, detail, from } = news;
  if (sipStatus >= 300) return { phase: 'failed', sipStatus, failedBy: from, detail };
  const phase = sipStatus >= 200 ? 'answered' : sipStatus > 100 ? 'ringing' : 'trying';
  return order.indexOf(phase) > order.indexOf(transfer.phase) ? { phase } : transfer;
}

export const isOver = ({ phase }: Transfer): boolean => phase === 'answered' || phase === 'failed';

const words: Readonly<Record<number, string>> = {
  ...{ 100: 'Trying', 180: 'Ringing', 200: 'OK', 403: 'Forbidden', 404: 'Not Found', 408: 'Request Timeout' },
  ...{
    480: 'Temporarily Unavailable',
    486: 'Busy Here',
    487: 'Request Terminated',
    488: 'Not Acceptable Here',
  },
  ...{ 500: 'Server Internal Error', 503: 'Service Unavailable', 603: 'Decline' },
};

/** The status line that tells a referrer how far it has come (RFC 3515 §2.4.5). */
export function sipfragOf(transfer: Transfer): string {
  const statuses = { requested: 100, trying: 100, ringing: 180, answered: 200 } as const;
  const status = transfer.phase === 'failed' ? (transfer.sipStatus ?? 503) : statuses[transfer.phase];
  return `SIP/2.0 ${status} ${words[status] ?? 'Failed'}`;
}

/** Status and reason of the status line that a message/sipfrag begins with (RFC 3420); undefined where it has none. */
export function readSipfrag(
  body: string,
): { readonly sipStatus: number; readonly detail: string } | undefined {
  const [, code, reason = ''] =
    /^\s*SIP\/2\.0 ([1-6]\d\d)(?: ([^\r\n]*))?(?:\r?\n|$)/.exec(body.slice(0, 1_024)) ?? [];
  if (code === undefined) return undefined;
  const plain = reason
    .replace(/[^\x20-\x7e]/g, ' ')
    .trim()
    .slice(0, 200);
  return { sipStatus: Number(code), detail: `${code} ${plain}`.trim() };
}
