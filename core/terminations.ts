import type { Blame, TerminationReason } from '../contracts/terminations.ts';

/** One way in which a call, or one attempt to reach a target, can end. */
export interface Termination {
  readonly blame: Blame;
  /** SIP status told to the caller, or that stands for it in the record. */
  readonly sip: number;
  /** Whether another target of the agent may still be tried. */
  readonly nextTarget: boolean;
  /** One sentence for the docs, the dashboard and the on-call engineer. */
  readonly meaning: string;
}

const row = (blame: Blame, sip: number, nextTarget: boolean, meaning: string): Termination => ({
  blame,
  sip,
  nextTarget,
  meaning,
});

/** Every way a call can end is one row here; the edge, the event, the dashboard and the docs all read this table. */
export const terminations = {
  'caller-hangup': row('caller', 200, false, 'The caller hung up an answered call.'),
  'caller-cancelled': row('caller', 487, false, 'The caller gave up before the call was answered.'),
  'caller-unreachable': row('caller', 408, false, 'The caller was gone when our answer was ready.'),
  'malformed-request': row('caller', 400, false, 'The INVITE, its SDP or the SDP of its ACK cannot be read.'),
  'unknown-source': row('caller', 403, false, 'The INVITE came from an address that belongs to no trunk.'),
  'authentication-required': row('caller', 401, false, 'The caller is asked to prove by digest who it is.'),
  'authentication-failed': row('caller', 403, false, 'The caller sent credentials that are not right.'),
  'unknown-number': row('caller', 404, false, 'No route of the configuration covers the number called.'),
  'no-common-codec': row(
    'caller',
    488,
    false,
    'The caller offers no codec that the policy keeps or converts.',
  ),
  'encryption-required': row('caller', 488, false, 'The trunk demands SRTP, and the caller offers none.'),
  'callee-hangup': row('callee', 200, false, 'The agent hung up an answered call.'),
  'callee-busy': row('callee', 486, false, 'The agent is busy.'),
  'callee-declined': row('callee', 603, false, 'The agent does not want the call.'),
  'callee-rejected': row('callee', 480, false, 'The agent refused the call with another 4xx or 6xx.'),
  'no-answer': row('callee', 480, true, 'Nobody answered: the ring timer ended, or the target said 480.'),
  'target-timeout': row('upstream', 504, true, 'The target gave no final response in time.'),
  'target-unavailable': row('upstream', 503, true, 'The target said 503 or could not be reached.'),
  'target-error': row('upstream', 502, true, 'The target failed with another 5xx.'),
  'target-bad-media': row(
    'upstream',
    502,
    true,
    'The target cannot agree on media, or its SDP cannot be read.',
  ),
  'target-refused-credentials': row(
    'platform',
    500,
    true,
    'The target asked who we are, and we have no credentials that it accepts.',
  ),
  'decision-late': row(
    'platform',
    503,
    false,
    'No decision came in time and the edge had no snapshot to decide from.',
  ),
  'edge-draining': row('platform', 503, false, 'The edge is being taken out of service.'),
  'edge-overloaded': row('platform', 503, false, 'The edge is at its limit of calls or of calls per second.'),
  'edge-not-ready': row(
    'platform',
    503,
    false,
    'The edge has no routing, no rtpengine or no room for events.',
  ),
  'secret-missing': row('platform', 503, false, 'A password that the configuration names cannot be read.'),
  'edge-lost': row('platform', 500, false, 'The edge that owned the call stopped its heartbeat.'),
  'media-unavailable': row('platform', 503, false, 'No rtpengine took the call.'),
  'media-lost': row('platform', 500, false, 'rtpengine dropped the call: no RTP came from either side.'),
  'media-timeout': row(
    'upstream',
    408,
    false,
    'A side sent no RTP for as long as the policy allows; the detail says which.',
  ),
  'media-engine-lost': row(
    'platform',
    503,
    false,
    'The rtpengine that carried the call stopped to answer, or was started anew.',
  ),
  'sip-server-lost': row('platform', 503, false, 'The SIP server of the edge went away.'),
  'internal-error': row('platform', 500, false, 'A bug in the edge; the log of the call has the details.'),
  'rejected-by-route': row('policy', 603, false, 'The configuration refuses calls to this number.'),
  'rejected-by-command': row('policy', 603, false, 'A command refused the call before it was answered.'),
  'hung-up-by-command': row('policy', 480, false, 'A command ended the call.'),
  'destination-denied': row('policy', 403, false, 'No trunk of the route may call this number.'),
  'trunk-limit': row('policy', 503, true, 'The trunk is at its limit of calls or of calls per second.'),
  'spend-limit': row('policy', 503, true, 'Calls out over the trunk have cost as much as they may for now.'),
  'session-expired': row(
    'upstream',
    408,
    false,
    'A side stopped saying that its session lasts (RFC 4028): it is gone, or cannot reach us.',
  ),
  'max-duration': row('policy', 480, false, 'The call reached the longest duration its policy allows.'),
  transferred: row('policy', 200, false, 'A transfer took both sides of the call on: they talk elsewhere.'),
} as const satisfies Record<TerminationReason, Termination>;

/** What a target's final failure (RFC 3261 §21) means; the ring timer is told apart by the edge itself. */
export function reasonForResponse(sipStatus: number): TerminationReason {
  if (sipStatus === 486 || sipStatus === 600) return 'callee-busy';
  if (sipStatus === 603 || sipStatus === 607) return 'callee-declined';
  if (sipStatus === 401 || sipStatus === 407) return 'target-refused-credentials';
  if (sipStatus === 480) return 'no-answer';
  if (sipStatus === 408 || sipStatus === 504) return 'target-timeout';
  if (sipStatus === 415 || sipStatus === 488 || sipStatus === 606) return 'target-bad-media';
  if (sipStatus === 503) return 'target-unavailable';
  if (sipStatus >= 500 && sipStatus < 600) return 'target-error';
  return 'callee-rejected';
}
