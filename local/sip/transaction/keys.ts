import type { SipMessage } from '../message/sip-message.ts';
import { magicCookie, sentBy, type Via } from '../message/via.ts';

/** Which server transaction a request belongs to (RFC 3261 §17.2.3); ACK and CANCEL name the one they are about. */
export function serverKey(request: SipMessage, via: Via, method: string = request.method): string {
  const about = method === 'ACK' ? 'INVITE' : method;
  if (via.branch.startsWith(magicCookie)) return `${via.branch}\n${sentBy(via)}\n${about}`;
  // a sender older than RFC 3261: what it repeats, and what its ACK and CANCEL share with the INVITE
  return `${request.uri}\n${request.fromTag}\n${request.callId}\n${request.cseq?.number}\n${sentBy(via)}\n${via.branch}\n${about}`;
}

/** Which client transaction a response belongs to (RFC 3261 §17.1.3). */
export const clientKey = (branch: string, method: string): string => `${branch}\n${method}`;

/** Which request this is, however it came: a second way to the same one is a merged request (RFC 3261 §8.2.2.2). */
export const requestKey = (request: SipMessage): string =>
  `${request.callId}\n${request.fromTag}\n${request.cseq?.number}\n${request.method}`;
