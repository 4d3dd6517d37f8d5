import type { LegName } from '../../../contracts/events/call.ts';
import type { Call } from '../call.ts';
import { type Direction, readSession } from '../sdp.ts';
import { joinedOf, otherLeg } from './joined.ts';

const sends: ReadonlySet<Direction> = new Set(['sendrecv', 'sendonly']);
const receives: ReadonlySet<Direction> = new Set(['sendrecv', 'recvonly']);

/**
 * While a side is on hold neither owes us RTP, and what is sent all the same is not heard: who does not want to hear, and who
 * was promised not to be heard, must be able to rely on it.
 */
export function silence(call: Call): void {
  const joined = joinedOf(call);
  if (!joined) return;
  const byCommand = call.heldByCommand.a || call.heldByCommand.b;
  call.held.a = call.held.b = byCommand || call.onHold.a || call.onHold.b;
  const direction = (leg: LegName) => readSession(joined.sides[leg].remote)?.direction ?? 'sendrecv';
  for (const leg of ['a', 'b'] as const) {
    const isHeard = !byCommand && sends.has(direction(leg)) && receives.has(direction(otherLeg(leg)));
    joined.media.hush(leg, !isHeard).catch((error: unknown) => {
      call.context.logger.warn({ callId: call.id, leg, err: error }, 'a side on hold is heard');
    });
  }
}
