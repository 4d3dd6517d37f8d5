import * as z from 'zod';

/** How media is encrypted (SRTP, RFC 3711). */
export const mediaEncryption = {
  /**
   * `required`: audio is never sent in the clear. `preferred`: with SRTP where the other side takes it. `off`: not asked
   * for; a caller that encrypts by itself is answered encrypted all the same.
   */
  encryption: z.enum(['required', 'preferred', 'off']).default('off'),
  /** How keys are agreed on: in the SDP (`sdes`, RFC 4568; over TLS, or others can read them) or by `dtls` (RFC 5764). */
  keying: z.enum(['sdes', 'dtls']).default('sdes'),
};

export const MediaEncryption = z.object(mediaEncryption);
export type MediaEncryption = z.infer<typeof MediaEncryption>;
export type Keying = MediaEncryption['keying'];
