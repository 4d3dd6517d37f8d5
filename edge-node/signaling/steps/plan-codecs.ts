import type { CodecPolicy } from '../../../contracts/config.ts';
import type { LegName } from '../../../contracts/events/call.ts';
import { explainCodecs } from '../../../core/explain-codecs.ts';
import { type CodecRules, planLegs } from '../../../core/leg-codecs.ts';
import type { CodecPlan } from '../../../core/negotiate-codecs.ts';
import type { Call, Verdict } from '../call.ts';
import { occupantOf } from '../occupant.ts';

/** What becomes of the caller's offer on its way to a target on `trunk`. */
export const codecsFor = (call: Call, trunk: string | undefined): CodecPlan =>
  planLegs(call.offer?.codecs ?? [], { policy: policyOf(call), from: call.trunk, to: trunk }, trunksOf(call));

/** What becomes of the offer of a target that was asked for one on its way to the caller. */
export const lateCodecs = (call: Call, offered: readonly string[], trunk: string | undefined): CodecPlan =>
  planLegs(offered, { policy: policyOf(call), from: trunk, to: call.trunk }, trunksOf(call));

/** Of an answered call: what becomes of the offer of one side on its way to the other. */
export const codecsBetween = (call: Call, offered: readonly string[], from: LegName): CodecPlan =>
  planLegs(offered, rulesBetween(call, from), trunksOf(call));

/** The same, with the rule behind what becomes of each codec. */
export const explainedBetween = (call: Call, offered: readonly string[], from: LegName) =>
  explainCodecs(offered, rulesBetween(call, from), trunksOf(call));

const rulesBetween = (call: Call, from: LegName): CodecRules => {
  const trunkOf = (leg: LegName) => occupantOf(call, leg).trunk;
  return { policy: policyOf(call), from: trunkOf(from), to: trunkOf(from === 'a' ? 'b' : 'a') };
};

/** Every codec that this side may speak, as it is or converted; in lower case. */
export function allowedCodecs(call: Call, leg: LegName): ReadonlySet<string> {
  const { trunk } = occupantOf(call, leg);
  const trunks = trunksOf(call);
  const own = trunk !== undefined && Object.hasOwn(trunks, trunk) ? trunks[trunk]?.codecs : undefined;
  const { keep, transcode } = own ?? policyOf(call);
  return new Set([...keep, ...transcode].map((name) => name.toLowerCase()));
}

function policyOf({ route }: Call): CodecPolicy {
  if (!route) throw new Error('codecs were chosen before the call was routed');
  return route.codecs;
}

const trunksOf = ({ context }: Call) => context.snapshot.current()?.config.trunks ?? {};

export function noCommonCodec(call: Call): Verdict {
  const offered = call.offer?.codecs.join(', ') || 'none';
  const kept = policyOf(call).keep.join(', ');
  return { reason: 'no-common-codec', detail: `offered: ${offered}; the policy keeps: ${kept}` };
}
