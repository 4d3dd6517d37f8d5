import type { DialRequest, Headers } from '../sip.ts';
import type { SrfRequest, SrfResponse } from './srf.ts';

/** How long a session lasts that nobody refreshes, s (RFC 4028 §4). The SIP server refreshes at half of it. */
const SESSION_SECONDS = 1_800;
const LONGEST_SECONDS = 86_400;

/** In an INVITE of ours: who answers it may refresh, or leave it to us. */
export const sessionTimer = (seconds = SESSION_SECONDS): Headers => ({
  Supported: 'timer',
  'Session-Expires': String(seconds),
  ...(seconds === SESSION_SECONDS ? {} : { 'Min-SE': String(seconds) }),
});

/** In our 200: a caller that knows session timers and asks for none gets ours; any other has been answered by the SIP server. */
export function sessionTimerFor(request: Pick<SrfRequest, 'get' | 'has'>): Headers {
  const knows = /(^|,)\s*timer\s*(,|$)/i.test(request.get('supported') ?? '');
  return knows && !request.has('session-expires')
    ? { 'Session-Expires': `${SESSION_SECONDS};refresher=uas` }
    : {};
}

/** An INVITE that was refused because its session is too short, with one that is long enough (RFC 4028 §7.4). */
export function withLongerSession(
  invite: DialRequest,
  response: SrfResponse | undefined,
): DialRequest | undefined {
  if (response?.status !== 422) return undefined;
  const seconds = Number(/^\s*(\d{1,9})/.exec(response.get('Min-SE') ?? '')?.[1]);
  if (!(seconds > SESSION_SECONDS && seconds <= LONGEST_SECONDS)) return undefined;
  return { ...invite, headers: { ...invite.headers, ...sessionTimer(seconds) } };
}
