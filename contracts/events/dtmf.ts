import * as z from 'zod';
import { callEvent, Ulid } from '../envelope.ts';
import { LegName } from './call.ts';

/** One key of RFC 4733 §3.2: 0-9, *, #, A-D. */
export const Digit = z.string().regex(/^[0-9*#A-D]$/, 'must be one of 0-9 * # A-D');

const digit = { digitId: Ulid, digit: Digit, leg: LegName };

/** A key was pressed on `leg`. The same key twice is two digits with two ids. */
export const DtmfReceived = callEvent('dtmf.received', {
  ...digit,
  durationMs: z.int().nonnegative(),
  mode: z.enum(['rfc4733', 'info']),
});

/** The digit went on to the other side: `leg` is where it went. */
export const DtmfDelivered = callEvent('dtmf.delivered', { ...digit, mode: z.enum(['rfc4733', 'info']) });

/** A digit that was received could not be given to the other side: `leg` is where it should have gone. */
export const DtmfDeliveryGap = callEvent('dtmf.delivery-gap', {
  ...digit,
  reason: z.string().min(1).max(128),
});
