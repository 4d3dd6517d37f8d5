import * as z from 'zod';

/** An SDP with line feeds and without keys. */
const Sdp = z.string().max(4_096);

/** What one side said, and what it was told. */
const Exchanged = z.object({ said: Sdp, told: Sdp });

/** How the media of both sides came about (RFC 3264): which side offered, what became of its codecs and by which rule. */
export const Negotiation = z.object({
  offerer: z.enum(['a', 'b']),
  codecs: z
    .array(
      z.object({
        codec: z.string().max(32),
        outcome: z.enum(['kept', 'transcoded', 'refused']),
        rule: z.string().max(256),
      }),
    )
    .max(64),
  a: Exchanged,
  b: Exchanged,
});
export type Negotiation = z.infer<typeof Negotiation>;
