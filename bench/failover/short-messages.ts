/** One call, as its caller saw it. Times in ms since 1970. */
export interface PlacedInvite {
  readonly sipCallId: string;
  readonly at: number;
  /** Final status of the INVITE; undefined where none came. */
  status?: number;
  /** From the INVITE to its final response. */
  waitMs?: number;
}

/** Reads sipp's log of messages: date, time, seconds since 1970, S or R, Call-ID, CSeq and first line, with tabs between. */
export function readShortMessages(text: string): readonly PlacedInvite[] {
  const invites = new Map<string, PlacedInvite>();
  for (const line of text.split('\n')) {
    const [, , seconds, way, sipCallId = '', cseq = '', first = ''] = line.split('\t');
    if (!cseq.endsWith(' INVITE')) continue;
    const at = Number(seconds) * 1_000;
    if (way === 'S' && !invites.has(sipCallId)) invites.set(sipCallId, { sipCallId, at });
    const status = Number(/^SIP\/2\.0 ([2-6]\d\d)/.exec(first)?.[1]);
    const invite = invites.get(sipCallId);
    if (way !== 'R' || !status || !invite || invite.status !== undefined) continue;
    Object.assign(invite, { status, waitMs: at - invite.at });
  }
  return [...invites.values()];
}
