import { onCallEvent } from '@trunkline/sdk';
import { menu } from '../menu.ts';

/** Nobody was there, so say goodbye; and once goodbye is said, hang up. */
export const handler = onCallEvent(['media.played', 'call.transfer-failed'], async (event, calls) => {
  if (event.type === 'call.transfer-failed') await calls.play(event.callId, { file: menu.goodbye, to: 'a' });
  else if (event.file === menu.goodbye && event.ended === 'finished')
    await calls.hangup(event.callId, { reason: 'nothing was chosen' });
});
