import type { EventOf } from '../contracts/events.ts';

type TransferEvent = EventOf<'call.transferring' | 'call.transferred' | 'call.transfer-failed'>;

/** How far one transfer of a call has come. */
type TransferState = Pick<TransferEvent, 'kind' | 'by' | 'target'> & {
  readonly seq: number;
  readonly time: string;
  readonly outcome: 'transferring' | 'transferred' | 'failed';
  readonly sipStatus?: number | null;
  readonly failedBy?: EventOf<'call.transfer-failed'>['failedBy'];
};

/** By the id of the transfer. */
export type Transfers = Readonly<Record<string, TransferState>>;

/** The state of a call has no room for more; all of them stand in its events. */
export const transfersKept = 16;

const outcomes = {
  'call.transferring': 'transferring',
  'call.transferred': 'transferred',
  'call.transfer-failed': 'failed',
} as const;

/** The latest ones are kept, in whatever order their events come; ids tell which those are. */
export function withTransfer(transfers: Transfers, event: TransferEvent, seq: number): Transfers {
  const { transferId, type, time, kind, by, target } = event;
  const known = transfers[transferId];
  if (known && known.seq > seq) return transfers;
  const failure =
    event.type === 'call.transfer-failed' ? { sipStatus: event.sipStatus, failedBy: event.failedBy } : {};
  const told = { seq, time, outcome: outcomes[type], kind, by, target, ...failure };
  const latest = Object.entries({ ...transfers, [transferId]: told }).sort(([one], [other]) =>
    one < other ? 1 : -1,
  );
  return Object.fromEntries(latest.slice(0, transfersKept).reverse());
}
