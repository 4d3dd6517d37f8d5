/** What the E-model needs to know of one direction of a call. */
export interface HeardQuality {
  readonly lossPercent: number;
  readonly jitterMs: number;
  /** One way, mouth to ear, without the jitter buffer, ms; 0 where nothing measured it. */
  readonly delayMs?: number;
  readonly codec: string;
}

/** Equipment impairment and packet-loss robustness: ITU-T G.113 Appendix I. */
const impairments: ReadonlyMap<string, { readonly ie: number; readonly bpl: number }> = new Map([
  // G.711 with packet loss concealment, which every agent's decoder has.
  ['pcmu', { ie: 0, bpl: 25.1 }],
  ['pcma', { ie: 0, bpl: 25.1 }],
  ['g729', { ie: 11, bpl: 19 }],
  // Wideband codecs on the narrowband scale: no worse than G.711, which understates them.
  ['g722', { ie: 0, bpl: 25.1 }],
  ['opus', { ie: 0, bpl: 25.1 }],
]);

/** Signal-to-noise ratio less simultaneous impairments, at the default values of G.107. */
const R0 = 93.2;

/** Mean opinion score, 1 to 4.5, two decimals, by the E-model of ITU-T G.107; null for a codec it has no values for. */
export function mosOf({ lossPercent, jitterMs, delayMs = 0, codec }: HeardQuality): number | null {
  const impairment = impairments.get(codec.toLowerCase());
  if (!impairment) return null;
  const { ie, bpl } = impairment;
  // A jitter buffer of twice the jitter turns jitter into delay.
  const mouthToEar = delayMs + 2 * jitterMs;
  // G.107 §7.4, losses spread at random (BurstR = 1).
  const effective = ie + (95 - ie) * (lossPercent / (lossPercent + bpl));
  return mosOfR(R0 - delayImpairment(mouthToEar) - effective);
}

/** Id, by the usual straight lines: 0.024 a ms, and 0.11 more above 177.3 ms, where conversation begins to suffer. */
const delayImpairment = (ms: number) => 0.024 * ms + 0.11 * Math.max(0, ms - 177.3);

/** ITU-T G.107 Annex B; its cubic dips below 1 for R under 6.5, where nothing is worse than 1. */
export function mosOfR(r: number): number {
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  const mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
  return Math.max(1, Math.round(mos * 100) / 100);
}
