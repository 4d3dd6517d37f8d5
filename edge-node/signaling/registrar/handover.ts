import type { Headers, IncomingInvite } from '../sip.ts';

/** Header of an INVITE from one edge to the one that has the way to a registered contact; it goes no further. */
const HANDOVER = 'X-Trunkline-Handover';

export const passHeader = (pass: string | undefined): Headers =>
  pass === undefined ? {} : { [HANDOVER]: pass };

/** What the sender shows; nothing that cannot be a pass. */
export function passIn(header: (name: string) => string | undefined): string | undefined {
  const value = header(HANDOVER.toLowerCase());
  return value !== undefined && /^[0-9a-f]{32}$/.test(value) ? value : undefined;
}

export const passOf = ({ headers }: Pick<IncomingInvite, 'headers'>) => passIn((name) => headers[name]);
