import type { DigitsTaken } from '../../../contracts/config/codecs.ts';
import type { LegName } from '../../../contracts/events/call.ts';
import type { RouteTarget } from '../../../contracts/route-decision.ts';
import type { Call } from '../call.ts';

/** How a leg of an answered call takes digits, by the configuration. */
export function takenBy(call: Call, leg: LegName): DigitsTaken {
  if (leg === 'a') return takenByTrunk(call, call.trunk);
  return takenByTarget(call, targetOf(call));
}

/** Who answered. */
export function targetOf({ route, answer }: Call): Pick<RouteTarget, 'trunk' | 'dtmf'> {
  const target = route?.targets.find(({ id }) => id === answer?.target);
  return { trunk: answer?.trunk, dtmf: target?.dtmf };
}

/** An agent's stands in the decision. */
export const takenByTarget = (
  call: Call,
  { trunk, dtmf }: Pick<RouteTarget, 'trunk' | 'dtmf'>,
): DigitsTaken => (trunk === undefined ? (dtmf ?? 'rfc4733') : takenByTrunk(call, trunk));

export function takenByTrunk({ context }: Call, trunk: string): DigitsTaken {
  const { trunks = {} } = context.snapshot.current()?.config ?? {};
  return (Object.hasOwn(trunks, trunk) ? trunks[trunk]?.dtmf : undefined) ?? 'rfc4733';
}
