import * as z from 'zod';
import { edgeEvent } from '../envelope.ts';

/** `HOST:PORT;transport=T` of one place where the carrier takes calls. */
const Endpoint = z.string().min(1).max(300);

/** Of an endpoint that is a name: the one of its servers that is meant, `HOST:PORT;transport=T`. */
const Server = z.string().max(300).optional();

/** An edge reaches an endpoint of a trunk again. */
export const TrunkUp = edgeEvent('trunk.up', { trunk: z.string(), endpoint: Endpoint, server: Server });

/** An edge no longer reaches an endpoint of a trunk: new calls go to the others. */
export const TrunkDown = edgeEvent('trunk.down', {
  trunk: z.string(),
  endpoint: Endpoint,
  server: Server,
  /** What was heard, or not, at last. */
  detail: z.string().max(512),
});
