import { onCallEvent } from '../../../sdk/index.ts';

/** Plays what the record of the call says, so that it shows whether it could be read. */
export const handler = onCallEvent('call.answered', async ({ callId }, calls, { log }) => {
  const call = await calls.get(callId);
  log.info('greeting', { callId });
  await calls.play(callId, { file: `${call?.received?.trunk}.wav` });
});
