import * as z from 'zod';

/** The dialect `pcm`, version 1: JSON in text frames, audio as 16-bit little-endian samples in binary frames, one channel. */
export const PCM_PROTOCOL = 'trunkline.pcm.v1';

const Name = z.string().min(1).max(128);

/** What an agent may say. */
export const PcmFromAgent = z.discriminatedUnion('type', [
  /** Comes back once all audio sent before it was played, or cleared. */
  z.strictObject({ type: z.literal('mark'), name: Name }),
  /** Drops what was not played yet. */
  z.strictObject({ type: z.literal('clear') }),
  /** Keys for the caller, after the audio sent before them. */
  z.strictObject({
    type: z.literal('dtmf'),
    digits: z.string().regex(/^[0-9*#A-D]{1,64}$/, 'must be keys 0-9, *, #, A-D, at most 64'),
    durationMs: z.int().min(40).max(5_000).default(160),
  }),
  z.strictObject({ type: z.literal('hold') }),
  z.strictObject({ type: z.literal('resume') }),
  /** To an agent, a number or a user that the configuration knows. */
  z.strictObject({ type: z.literal('transfer'), to: z.string().min(1).max(512) }),
  z.strictObject({ type: z.literal('hangup'), reason: z.string().max(256).optional() }),
]);
export type PcmFromAgent = z.infer<typeof PcmFromAgent>;

const Facts = z.record(z.string(), z.string());

/** What an agent hears, besides the audio. */
export const PcmToAgent = z.discriminatedUnion('type', [
  /** The first message of every socket. */
  z.object({
    type: z.literal('start'),
    protocol: z.literal(PCM_PROTOCOL),
    callId: z.string(),
    from: z.string(),
    to: z.string(),
    trunk: z.string().optional(),
    headers: Facts,
    parameters: Facts,
    traceparent: z.string().optional(),
    /** Hz, in both directions. */
    rate: z.int(),
    /** A socket of this call broke before; what it knew is not told again. */
    reconnected: z.boolean(),
  }),
  z.object({ type: z.literal('dtmf'), digit: z.string() }),
  z.object({ type: z.literal('mark'), name: z.string(), played: z.boolean() }),
  /** The caller began to speak, or has stopped. */
  z.object({ type: z.literal('speech'), state: z.enum(['started', 'stopped']) }),
  /** Every five seconds: how the caller is received, and what waits to be played. */
  z.object({
    type: z.literal('quality'),
    lostPackets: z.int(),
    latePackets: z.int(),
    jitterMs: z.number(),
    queuedMs: z.number(),
  }),
  /** What you said was refused; the call goes on. */
  z.object({ type: z.literal('error'), code: z.string(), message: z.string() }),
  /** Nothing comes after it. */
  z.object({ type: z.literal('stop'), reason: z.string() }),
]);
export type PcmToAgent = z.infer<typeof PcmToAgent>;
