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

/** `HOST[:PORT]` of a carrier's registrar. */
const Registrar = z.string().min(1).max(300);

/** This edge is registered with a carrier, which may now send calls to `contact`. Not said again at each refresh. */
export const TrunkRegistered = edgeEvent('trunk.registered', {
  trunk: z.string(),
  registrar: Registrar,
  contact: z.string().max(512),
  expiresSeconds: z.int().positive(),
});

/** A try to register, or to refresh, failed. An earlier registration lasts until `trunk.registration-expired`. */
export const TrunkRegistrationFailed = edgeEvent('trunk.registration-failed', {
  trunk: z.string(),
  registrar: Registrar,
  /** Null: nothing was heard. */
  sipStatus: z.int().min(100).max(699).nullable(),
  detail: z.string().max(512),
  /** Until the next try. */
  retrySeconds: z.int().nonnegative(),
});

/** What was granted is over: the carrier sends no calls to this edge. */
export const TrunkRegistrationExpired = edgeEvent('trunk.registration-expired', {
  trunk: z.string(),
  registrar: Registrar,
  /** What the last try came to. */
  detail: z.string().max(512),
});

/**
 * Calls out over a trunk have cost a great part of a cap on this edge, by guess: the edge's own count since the hour or the
 * day of UTC began. `refusing`: the cap is reached, and no further calls go out over the trunk until that time is over.
 */
export const TrunkSpendAlarm = edgeEvent('trunk.spend-alarm', {
  trunk: z.string(),
  period: z.enum(['hour', 'day']),
  unit: z.enum(['minutes', 'money']),
  used: z.number().nonnegative(),
  cap: z.number().positive(),
  /** Where the unit is money. */
  currency: z.string().length(3).optional(),
  refusing: z.boolean(),
});
