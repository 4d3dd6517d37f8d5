/** What the E-model needs to know of one direction of a call. */
export interface HeardQuality {
  readonly lossPercent: number;
  readonly jitterMs: number;
  /** One-way network delay, ms; 0 where it is not known. */
  readonly delayMs?: number;
  readonly codec: string;
}

/** ITU-T G.113 Appendix I: equipment impairment Ie and packet-loss robustness Bpl; codec delay in ms. */
const impairments: Readonly<Record<string, { ie: number; bpl: number; delayMs: number }>> = {
  // G.711 with packet loss concealment.
  pcmu: { ie: 0, bpl: 25.1, delayMs: 20 },
  pcma: { ie: 0, bpl: 25.1, delayMs: 20 },
  g729: { ie: 11, bpl: 19, delayMs: 35 },
  // Wideband codecs on the narrowband scale: taken as no worse than G.711, which understates them.
  g722: { ie: 0, bpl: 25.1, delayMs: 22 },
  opus: { ie: 0, bpl: 25.1, delayMs: 26 },
};

/** Basic signal-to-noise ratio less simultaneous impairments at G.107's default values. */
const R0 = 93.2;

/** Mean opinion score, 1 to 4.5, two decimals, by the E-model of ITU-T G.107; null for a codec it has no values for. */
export function mosOf({ lossPercent, jitterMs, delayMs = 0, codec }: HeardQuality): number | null {
  const impairment = impairments[codec.toLowerCase()];
  if (!impairment) return null;
  // A jitter buffer of twice the jitter turns jitter into delay.
  const mouthToEar = delayMs + impairment.delayMs + 2 * jitterMs;
  const effective = impairment.ie + (95 - impairment.ie) * (lossPercent / (lossPercent + impairment.bpl));
  return mosOfR(R0 - delayImpairment(mouthToEar) - effective);
}

/** Id, simplified: slope 0.024 a ms, and 0.11 more above 177.3 ms, where conversation begins to suffer. */
const delayImpairment = (ms: number) => 0.024 * ms + 0.11 * Math.max(0, ms - 177.3);

/** ITU-T G.107 Annex B. */
export function mosOfR(r: number): number {
  if (r <= 0) return 1;
  if (r >= 100) return 4.5;
  return Math.round((1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6) * 100) / 100;
}
