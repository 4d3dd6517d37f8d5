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
};
