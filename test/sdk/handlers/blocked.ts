import { onCallEvent } from '../../../sdk/index.ts';

export const handler = onCallEvent('call.held', ({ callId }, calls) => calls.get(callId));
