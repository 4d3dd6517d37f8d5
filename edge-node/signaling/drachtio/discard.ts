import type { SrfRequest } from './srf.ts';

/**
 * Leaves a request without an answer of ours. drachtio-srf remembers an INVITE until its final response, which never comes,
 * so it is made to forget. The SIP server has sent a 100 by itself and forgets after 64 s.
 */
export function discard(request: SrfRequest): void {
  const pending = request.agent?.mapServer.get(request.socket)?.pendingNetworkInvites;
  const callId = request.get('call-id') ?? '';
  if (pending?.get(callId)?.req === request) pending.delete(callId);
}
