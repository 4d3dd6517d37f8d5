import { onCallEvent } from '@trunkline/sdk';
import { agentBehind, menu } from '../menu.ts';

/** The caller chose, or did not: connect them, or say goodbye. */
export const handler = onCallEvent('dtmf.collected', async ({ callId, digits, outcome }, calls, { log }) => {
  const agent = agentBehind(digits);
  await calls.stop(callId);
  if (agent === undefined) {
    await calls.play(callId, { file: menu.goodbye, to: 'a' });
    return;
  }
  const call = await calls.get(callId);
  log.info('the caller chose', { callId, agent, outcome, calledBy: call?.received?.trunk });
  await calls.transfer(callId, { to: { agent } });
});
