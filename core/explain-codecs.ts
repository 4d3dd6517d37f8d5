import type { RoutingConfig } from '../contracts/config.ts';
import { type CodecRules, planLegs } from './leg-codecs.ts';

/** What became of one codec of an offer, and which setting says so. */
export interface ExplainedCodec {
  readonly codec: string;
  readonly outcome: 'kept' | 'transcoded' | 'refused';
  readonly rule: string;
}

/** The plan of an offer once more, in words for the on-call engineer; in the order of the offer. */
export function explainCodecs(
  offered: readonly string[],
  rules: CodecRules,
  trunks: RoutingConfig['trunks'],
): readonly ExplainedCodec[] {
  const { from, to, policy } = rules;
  const plan = planLegs(offered, rules, trunks);
  const here = ownOf(from, trunks);
  const there = ownOf(to, trunks);
  const place = there ? `trunks.${to}.codecs` : 'the policy';
  const has = (list: readonly string[] | undefined, codec: string) =>
    list?.some((name) => name.toLowerCase() === codec.toLowerCase()) ?? false;
  const named = [...plan.kept, ...plan.transcoded, ...plan.refused];
  const inOrder = offered.filter((codec, index) => offered.indexOf(codec) === index && has(named, codec));
  return inOrder.map((codec): ExplainedCodec => {
    if (has(plan.kept, codec)) return { codec, outcome: 'kept', rule: `${place}: keep has it` };
    if (has(plan.transcoded, codec)) {
      const source = has(there?.transcode ?? policy.transcode, codec) ? place : `trunks.${from}.codecs`;
      const rule = `${source}: transcode has it, and nothing of the offer is kept; becomes ${plan.add.join(' or ')}`;
      return { codec, outcome: 'transcoded', rule };
    }
    if (here && !has([...here.keep, ...here.transcode], codec))
      return { codec, outcome: 'refused', rule: `trunks.${from}.codecs does not name it` };
    const convertible = has([...(there?.transcode ?? policy.transcode), ...(here?.transcode ?? [])], codec);
    const rule = convertible
      ? `could be converted, which is needless: ${plan.kept.join(' and ')} is kept`
      : `${place} does not name it`;
    return { codec, outcome: 'refused', rule };
  });
}

const ownOf = (trunk: string | undefined, trunks: RoutingConfig['trunks']) =>
  trunk !== undefined && Object.hasOwn(trunks, trunk) ? trunks[trunk]?.codecs : undefined;
