import * as z from 'zod';

/** Audio codecs that rtpengine can carry; those in `transcode` it can also convert to G.711. */
export const Codec = z.enum(['PCMU', 'PCMA', 'G722', 'opus', 'G729']);
export type Codec = z.infer<typeof Codec>;

/** Which codecs of an offer are kept and which may be converted into a kept one; all others are refused. */
export const CodecPolicy = z.strictObject({
  keep: z.array(Codec).min(1).default(['PCMU', 'PCMA']),
  transcode: z.array(Codec).default([]),
});
export type CodecPolicy = z.infer<typeof CodecPolicy>;

/**
 * How one side takes digits: RFC 4733 packets; INFO as application/dtmf-relay (`info`) or application/dtmf
 * (`info-dtmf`); or tones in its audio, which takes the engine's whole attention. Digits are understood in each of
 * them but tones, which are listened for only where they are asked for.
 */
export const digitsTaken = {
  dtmf: z
    .enum(['rfc4733', 'info', 'info-dtmf', 'in-band'], {
      error:
        'must be rfc4733 (packets beside the audio), info or info-dtmf (SIP INFO with application/dtmf-relay or application/dtmf), or in-band (tones in the audio)',
    })
    .default('rfc4733'),
};
export type DigitsTaken = z.output<typeof digitsTaken.dtmf>;

/** Audio of a trunk. */
export const trunkMedia = {
  /**
   * Stands in for the policy on the leg of this trunk. Calls out over it are offered `keep`, and `transcode` is what of a
   * caller may be converted to it. Calls in from it may use no other codec than these: those of `keep` go through where
   * the other side takes them too, those of `transcode` may also be converted. Absent: the policy alone decides.
   */
  codecs: CodecPolicy.optional(),
  /** Audio in one packet towards this trunk, ms; the other side keeps its own. Absent: as the two sides agree. */
  ptime: z
    .int()
    .min(10)
    .max(60)
    .refine((ms) => ms % 10 === 0, { message: 'must be 10, 20, 30, 40, 50 or 60 ms: frames are of 10 ms' })
    .optional(),
  ...digitsTaken,
};
