import type { CodecPolicy, RoutingConfig } from '../contracts/config.ts';
import { type CodecPlan, companions, negotiateCodecs, unique } from './negotiate-codecs.ts';

/** Who decides on the codecs of a call, leg by leg. */
export interface CodecRules {
  /** The policy of the route. */
  readonly policy: CodecPolicy;
  /** Name of the trunk of the side that offers; undefined: an agent. */
  readonly from?: string | undefined;
  /** Of the side that is offered to. */
  readonly to?: string | undefined;
}

/**
 * The codecs of the trunk that is offered to take the place of the policy. Of what is offered, only what the trunk it comes
 * from names is looked at; what that trunk lists under `transcode` may be converted even where nobody else says so.
 */
export function planLegs(
  offered: readonly string[],
  { policy, from, to }: CodecRules,
  trunks: RoutingConfig['trunks'],
): CodecPlan {
  const there = codecsOf(to, trunks) ?? policy;
  const here = codecsOf(from, trunks);
  if (!here) return negotiateCodecs(offered, there);
  const allowed = new Set([...here.keep, ...here.transcode, ...companions].map((name) => name.toLowerCase()));
  const isAllowed = (codec: string) => allowed.has(codec.toLowerCase());
  const transcode = [...there.transcode, ...here.transcode];
  const plan = negotiateCodecs(offered.filter(isAllowed), { ...there, transcode });
  const unwanted = unique(offered).filter((codec) => !isAllowed(codec));
  return { ...plan, refused: [...plan.refused, ...unwanted] };
}

const codecsOf = (trunk: string | undefined, trunks: RoutingConfig['trunks']) =>
  trunk !== undefined && Object.hasOwn(trunks, trunk) ? trunks[trunk]?.codecs : undefined;
