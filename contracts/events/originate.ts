import * as z from 'zod';
import { callEvent, Ulid } from '../envelope.ts';
import { LegName, Party } from './call.ts';

/**
 * A command asked for this call, and an edge has begun it: the first event of the call, in the place of `call.received`.
 * `to` is called first and is leg a; what is said of targets until `call.leg-answered` is about it.
 */
export const CallOriginated = callEvent('call.originated', {
  commandId: Ulid,
  /** Who `to` sees calling. */
  from: Party,
  /** The number, agent or user that is called first; `uri` is its first target's. */
  to: Party,
  /** With whom it is connected once it has answered: a number, an agent, `user USER of TRUNK` or a URI. */
  connect: z.string().min(1).max(512),
});

/** The party that was called first has answered; the second one is being called, and `call.answered` is when both talk. */
export const CallLegAnswered = callEvent('call.leg-answered', {
  leg: LegName,
  target: z.string(),
  /** Agent that is called now. */
  agent: z.string().optional(),
  targets: z.array(z.object({ id: z.string(), uri: z.string().min(1).max(2048) })),
});
