import { onCallEvent } from '@trunkline/sdk';
import { menu } from '../menu.ts';

/** Somebody reached reception: play the menu, and listen for one key while it plays. */
export const handler = onCallEvent('call.answered', async ({ callId }, calls) => {
  await calls.play(callId, { file: menu.welcome, to: 'a' });
  await calls.collect(callId, {
    name: menu.name,
    maxLength: 1,
    pattern: `[${Object.keys(menu.agents).join('')}]`,
    attempts: 2,
    totalMs: 10_000,
  });
});
