import { onCallEvent } from '../../../sdk/index.ts';

/** Sends a command with an id of chance, as effects outside of `calls` are: nothing but the table makes it happen once. */
export const handler = onCallEvent('dtmf.received', async ({ callId, digit }, calls) => {
  if (digit === '0') throw new Error('zero is not for us');
  await calls.sendDtmf(callId, { leg: 'b', digits: '5', durationMs: 40 + Math.floor(Math.random() * 4_000) });
});
