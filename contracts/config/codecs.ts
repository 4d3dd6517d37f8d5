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
  /**
   * How this trunk takes digits: as RFC 4733 packets, or as INFO (application/dtmf-relay). Digits of a call that has a side
   * with `info` leave in the mode of the side that they go to, however they came in.
   */
  dtmf: z
    .enum(['rfc4733', 'info'], {
      error: ({ input }) =>
        input === 'in-band'
          ? '"in-band" is not done: tones in the audio are neither heard nor made; use rfc4733, or info where the carrier takes no telephone-event'
          : 'must be rfc4733 (packets beside the audio) or info (SIP INFO, application/dtmf-relay)',
    })
    .default('rfc4733'),
};
