import * as z from 'zod';

const silence = {
  /** So long without RTP from a side of an answered call that is not on hold, s. */
  seconds: z.int().min(2).max(3600),
  /** What then happens: the call is ended, or this is only said. */
  action: z.enum(['hangup', 'report']),
  /** So long without RTP from one side while the other is heard, s, until that is said. */
  oneWaySeconds: z.int().min(2).max(3600),
};

/** When a side that sends no RTP is taken to be gone. */
export const Silence = z.strictObject({
  seconds: silence.seconds.default(30),
  action: silence.action.default('hangup'),
  oneWaySeconds: silence.oneWaySeconds.default(10),
});
export type Silence = z.infer<typeof Silence>;

/** What of it is different for the side of one trunk. */
export const TrunkSilence = z.strictObject({
  seconds: silence.seconds.optional(),
  action: silence.action.optional(),
  oneWaySeconds: silence.oneWaySeconds.optional(),
});
