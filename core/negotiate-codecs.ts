import type { CodecPolicy } from '../contracts/config.ts';

/** What becomes of the codecs of an offer. Names keep the spelling of the offer. */
export interface CodecPlan {
  /** False: nothing to talk with, 488. */
  readonly accepted: boolean;
  /** Go through untouched, in the order of the offer. */
  readonly kept: readonly string[];
  /** Stay between us and the offering side, converted from and to `add`. */
  readonly transcoded: readonly string[];
  readonly refused: readonly string[];
  /** Offered onward instead, where nothing is kept. */
  readonly add: readonly string[];
  /** Everything offered onward. */
  readonly towardsTarget: readonly string[];
}

/** Carried beside audio; no codec to talk with. */
export const companions = new Set(['telephone-event', 'cn', 'red']);

/** A kept codec makes conversion needless; conversion is for offers that have none. */
export function negotiateCodecs(offered: readonly string[], policy: CodecPolicy): CodecPlan {
  const among = (names: readonly string[]) => {
    const lower = new Set(names.map((name) => name.toLowerCase()));
    return (codec: string) => lower.has(codec.toLowerCase());
  };
  const audio = unique(offered).filter((codec) => !companions.has(codec.toLowerCase()));
  const kept = audio.filter(among(policy.keep));
  const transcoded = kept.length > 0 ? [] : audio.filter(among(policy.transcode));
  const add = transcoded.length > 0 ? [...policy.keep] : [];
  const used = among([...kept, ...transcoded]);
  return {
    accepted: kept.length + transcoded.length > 0,
    kept,
    transcoded,
    refused: audio.filter((codec) => !used(codec)),
    add,
    towardsTarget: kept.length > 0 ? kept : add,
  };
}

/** An offer may name a codec twice, with different parameters: one fate for both. */
export const unique = (names: readonly string[]): string[] => [
  ...new Map(names.map((name) => [name.toLowerCase(), name])).values(),
];
