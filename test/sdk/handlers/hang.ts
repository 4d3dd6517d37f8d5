import { onCallEvent } from '../../../sdk/index.ts';

/** Waits for what never comes. */
export const handler = onCallEvent('call.ringing', () => new Promise(() => undefined));
