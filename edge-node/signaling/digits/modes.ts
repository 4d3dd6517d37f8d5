import type { DigitsTaken } from '../../../contracts/config/codecs.ts';
import type { LegName } from '../../../contracts/events/call.ts';
import type { RouteTarget } from '../../../contracts/route-decision.ts';
import type { Call } from '../call.ts';
import { occupantOf } from '../occupant.ts';

/** How a leg of an answered call takes digits, by the configuration. */
export const takenBy = (call: Call, leg: LegName): DigitsTaken => takenByTarget(call, occupantOf(call, leg));

/** Who answered. */
export const targetOf = (call: Call): Pick<RouteTarget, 'trunk' | 'dtmf'> => occupantOf(call, 'b');

/** An agent's stands in the decision. */
export const takenByTarget = (
  call: Call,
  { trunk, dtmf }: Pick<RouteTarget, 'trunk' | 'dtmf'>,
): DigitsTaken => (trunk === undefined ? (dtmf ?? 'rfc4733') : takenByTrunk(call, trunk));

function takenByTrunk({ context }: Call, trunk: string): DigitsTaken {
  const { trunks = {} } = context.snapshot.current()?.config ?? {};
  return (Object.hasOwn(trunks, trunk) ? trunks[trunk]?.dtmf : undefined) ?? 'rfc4733';
}
