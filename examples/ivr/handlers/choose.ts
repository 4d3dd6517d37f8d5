import { onCallEvent } from '@trunkline/sdk';
import { agentBehind, menu } from '../menu.ts';

/** The caller chose, or did not: connect them, or say goodbye. */
export const handler = onCallEvent('dtmf.collected', async ({ callId, digits, outcome }, calls, { log }) => {
  const agent = agentBehind(digits);
  // What is played takes the place of what was played before.
  if (agent === undefined) return calls.play(callId, { file: menu.goodbye, to: 'a' });
  await calls.stop(callId);
  const call = await calls.get(callId);
  log.info('the caller chose', { callId, agent, outcome, calledBy: call?.received?.trunk });
  return calls.transfer(callId, { to: { agent } });
});
