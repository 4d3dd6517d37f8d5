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

/** The digit went on to the other side: `leg` is where it went. */
export const DtmfDelivered = callEvent('dtmf.delivered', { ...place, digit: Digit, mode: DigitMode });

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
  'call-ended',
]);
export type DigitGap = z.infer<typeof DigitGap>;

/** A digit that was received could not be given to the other side: `leg` is where it should have gone. */
export const DtmfDeliveryGap = callEvent('dtmf.delivery-gap', { ...place, digit: Digit, reason: DigitGap });
