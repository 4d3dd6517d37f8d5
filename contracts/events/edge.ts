import * as z from 'zod';
import { edgeEvent } from '../envelope.ts';

/** An edge is up: calls of an earlier epoch of the same id are over. */
export const EdgeStarted = edgeEvent('edge.started', { software: z.string(), contacts: z.array(z.string()) });

/** No new calls from now on; `calls` are still up. */
export const EdgeDraining = edgeEvent('edge.draining', { calls: z.int().nonnegative() });

export const EdgeStopped = edgeEvent('edge.stopped', { endedCalls: z.int().nonnegative() });
