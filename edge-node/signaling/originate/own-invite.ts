import type { Party } from '../../../contracts/events/call.ts';
import type { Dialog, Headers, IncomingInvite } from '../sip.ts';

/** Nobody: for whom no caller's number is given. */
export const nobody: Party = { uri: 'sip:anonymous@anonymous.invalid', number: 'anonymous' };

/**
 * Stands where the caller's INVITE does in a call that we begin, so that the steps of an INVITE carry it. At first nobody
 * calls, with an offer of ours; then the party that has answered does, with its own.
 */
export class OwnInvite implements IncomingInvite {
  readonly sipCallId: string;
  from: Party;
  to: Party;
  sdp: string | undefined;
  readonly addressed = undefined;
  readonly authorization = undefined;
  readonly source = { address: '127.0.0.1', port: 0, transport: 'none' };
  readonly headers: Headers = {};
  readonly cancelled = new AbortController().signal;
  #answered: { readonly dialog: Dialog; readonly told: string } | undefined;

  constructor(
    callId: string,
    about: { readonly from: Party; readonly to: Party; readonly sdp?: string | undefined },
  ) {
    this.sipCallId = callId;
    this.from = about.from;
    this.to = about.to;
    this.sdp = about.sdp;
  }

  /** The party has answered with `sdp` an offer that said `told`; from now on it is as if it called. */
  isAnswered(
    { dialog, sdp, told }: { readonly dialog: Dialog; readonly sdp: string; readonly told: string },
    as: { readonly from: Party; readonly to: Party },
  ): void {
    this.#answered = { dialog, told };
    this.sdp = sdp;
    this.from = as.from;
    this.to = as.to;
  }

  provisional(_status: 180 | 183): void {}

  /** It is in the call already, and is told only where rtpengine has moved its port or its keys meanwhile. */
  async answer(sdp: string): Promise<Dialog> {
    if (!this.#answered) throw new Error('nobody has answered');
    const { dialog, told } = this.#answered;
    if (wayOf(sdp) === wayOf(told)) return dialog;
    const { kind } = await dialog.reinvite(sdp);
    if (kind !== 'answered') throw new Error(`a re-INVITE with the new place of its media was ${kind}`);
    return dialog;
  }

  refuse(): void {}
}

/** Where audio is sent, and with which keys. */
const wayOf = (sdp: string): string =>
  sdp
    .split(/\r?\n/)
    .flatMap((line) => /^(c=.*|m=audio \d+|a=crypto:.*|a=fingerprint:.*)/.exec(line)?.[1] ?? [])
    .sort()
    .join('\n');
