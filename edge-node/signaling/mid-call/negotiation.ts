import type { LegName } from '../../../contracts/events/call.ts';
import type { Negotiation } from '../../../contracts/events/negotiation.ts';
import { shownSdp } from '../../../core/shown-sdp.ts';
import type { Call } from '../call.ts';
import { readSdp } from '../sdp.ts';
import { explainedBetween } from '../steps/plan-codecs.ts';
import type { Side } from './side.ts';

/** What both sides have agreed on, for the event that says so; nothing before both stand. */
export function negotiationOf(call: Call, offerer: LegName): { readonly negotiation?: Negotiation } {
  const { sides } = call;
  if (!sides) return {};
  const offered = readSdp(sides[offerer].remote)?.codecs ?? [];
  const codecs = explainedBetween(call, offered, offerer)
    .slice(0, 64)
    .map(({ codec, rule, outcome }) => ({ codec: codec.slice(0, 32), outcome, rule: rule.slice(0, 256) }));
  return { negotiation: { offerer, codecs, a: exchanged(sides.a), b: exchanged(sides.b) } };
}

const exchanged = ({ remote, local }: Side) => ({ said: shownSdp(remote), told: shownSdp(local) });
