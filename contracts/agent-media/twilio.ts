import * as z from 'zod';

const Sid = z.string().max(64);

/** What an agent may say that speaks Twilio's Media Streams (https://www.twilio.com/docs/voice/media-streams/websocket-messages). */
export const TwilioFromAgent = z.discriminatedUnion('event', [
  z.object({
    event: z.literal('media'),
    streamSid: Sid,
    media: z.object({ payload: z.string().min(1) }),
  }),
  z.object({
    event: z.literal('mark'),
    streamSid: Sid,
    mark: z.object({ name: z.string().min(1).max(1_024) }),
  }),
  z.object({ event: z.literal('clear'), streamSid: Sid }),
]);
export type TwilioFromAgent = z.infer<typeof TwilioFromAgent>;
