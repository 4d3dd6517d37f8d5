import type { LegName, Party } from '../../contracts/events/call.ts';
import type { ConnectRoute, RouteTarget } from '../../contracts/route-decision.ts';
import type { Call } from './call.ts';

/** Who is on a leg, as far as the configuration speaks of them. */
export interface Occupant extends Pick<RouteTarget, 'trunk' | 'dtmf'> {
  /** Whom the other side would name. */
  readonly party: Party;
  /** By which it came: the targets behind it are for when it is lost. */
  readonly route?: ConnectRoute | undefined;
}

/** Who was there from the beginning, unless a transfer has put somebody else into that place. */
export function occupantOf(call: Call, leg: LegName): Occupant {
  const newcomer = call.newcomers[leg];
  if (newcomer) return newcomer;
  const { invite, trunk, route, answer } = call;
  if (leg === 'a') return { trunk: trunk === '' ? undefined : trunk, party: invite.from };
  const target = route?.targets.find(({ id }) => id === answer?.target);
  return { trunk: answer?.trunk, dtmf: target?.dtmf, party: invite.to, route };
}
