import * as z from 'zod';
import { callEvent, Ulid } from '../envelope.ts';
import { LegName } from './call.ts';

/** One key of RFC 4733 §3.2: 0-9, *, #, A-D. */
export const Digit = z.string().regex(/^[0-9*#A-D]$/, 'must be one of 0-9 * # A-D');

/** RFC 4733 packets beside the audio, SIP INFO, or tones in the audio. */
export const DigitMode = z.enum(['rfc4733', 'info', 'in-band']);
export type DigitMode = z.infer<typeof DigitMode>;

const place = {
  digitId: Ulid,
  leg: LegName,
  /** Of that leg; absent for an agent. */
  trunk: z.string().max(64).optional(),
  /** When it happened, ms of the edge's monotonic clock: only differences within one edge mean something. */
  atMs: z.number().nonnegative().optional(),
};

/** A key was pressed on `leg`. The same key twice is two digits with two ids. */
export const DtmfReceived = callEvent('dtmf.received', {
  ...place,
  /** Absent where a secret collection took it. */
  digit: Digit.optional(),
  durationMs: z.int().nonnegative(),
  mode: DigitMode,
});

/** Of the `call.send-dtmf` that asked for the digit; absent for one that the other side pressed. */
const sent = { commandId: Ulid.optional() };

/** The digit went on to the other side: `leg` is where it went. An agent over a WebSocket: its socket has taken it. */
export const DtmfDelivered = callEvent('dtmf.delivered', {
  ...place,
  ...sent,
  digit: Digit,
  mode: DigitMode,
});

/** Why a digit did not go on. */
export const DigitGap = z.enum([
  /** The side takes no digits: neither telephone-event in its SDP nor INFO. */
  'takes-no-digits',
  'info-refused',
  'info-unanswered',
  /** rtpengine would not put it into the stream, or was gone. */
  'not-played',
  /** It was put into a stream that did not flow. */
  'no-stream',
  /** Too many waited for a socket of the agent. */
  'not-taken',
  /** The agent was lost, or left, before a socket of it had taken the key. */
  'agent-gone',
  'call-ended',
]);
export type DigitGap = z.infer<typeof DigitGap>;

/** A digit that was received, or asked for, could not be given to a side: `leg` is where it should have gone. */
export const DtmfDeliveryGap = callEvent('dtmf.delivery-gap', {
  ...place,
  ...sent,
  digit: Digit,
  reason: DigitGap,
});

/** Why nothing was collected. */
export const CollectionFault = z.enum([
  /** Nothing was pressed, or not enough, in time. */
  'too-late',
  'too-short',
  'no-match',
  'call-ended',
  /** They could not be encrypted, so they went nowhere. */
  'not-encrypted',
]);
export type CollectionFault = z.infer<typeof CollectionFault>;

/** A collection is over. `timeout` and `failed` say what was wrong with the last attempt. */
export const DtmfCollected = callEvent('dtmf.collected', {
  collectionId: Ulid,
  leg: LegName,
  /** Of the configuration's collection. */
  name: z.string().max(64).optional(),
  outcome: z.enum(['complete', 'timeout', 'failed']),
  /** Begun, the last one included. */
  attempts: z.int().positive(),
  /** Complete, and no secret. */
  digits: z
    .string()
    .regex(/^[0-9*#A-D]{1,32}$/)
    .optional(),
  /** Complete, and a secret: a compact JWE (RFC 7516) of `{ callId, collectionId, digits }` as JSON. */
  encrypted: z
    .string()
    .max(4096)
    .regex(/^[\w-]+(\.[\w-]*){4}$/, 'must be a compact JWE')
    .optional(),
  reason: CollectionFault.optional(),
});
