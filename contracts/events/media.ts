import * as z from 'zod';
import { callEvent } from '../envelope.ts';
import { LegMedia } from './call.ts';

/** RTP was seen from both sides. `afterMs` counts from call.answered. */
export const MediaStarted = callEvent('media.started', { afterMs: z.number().nonnegative() });

/** Totals of both legs so far, for calls that last longer than the policy's `qualityEverySeconds`. */
export const MediaQuality = callEvent('media.quality', { a: LegMedia, b: LegMedia });
