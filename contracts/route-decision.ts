import * as z from 'zod';
import { CodecPolicy, Target } from './config.ts';
import { Time, Ulid } from './envelope.ts';
import { TerminationReason } from './terminations.ts';

/** Where the call goes: targets in the order in which they are tried. */
const Connect = z.object({
  action: z.literal('connect'),
  agent: z.string(),
  targets: z.array(Target.extend({ id: z.string() })).min(1),
  codecs: CodecPolicy,
  /** Longest time one target may ring, s. */
  ringSeconds: z.int().positive(),
  /** Longest time from answer to the end, s. */
  maxDurationSeconds: z.int().positive(),
  /** How media quality is measured. */
  quality: z.enum(['rtcp', 'capture']),
  qualityEverySeconds: z.int().positive(),
});

const Refuse = z.object({
  action: z.literal('refuse'),
  reason: TerminationReason,
  /** Overrides the termination table's SIP status. */
  sipStatus: z.int().min(400).max(699).optional(),
});

export const Route = z.discriminatedUnion('action', [Connect, Refuse]);
export type Route = z.infer<typeof Route>;
export type ConnectRoute = z.infer<typeof Connect>;

/** The answer to one call.received, decided once and stored: a repeated event finds this same decision. */
export const RouteDecision = z.object({
  kind: z.literal('decision'),
  version: z.literal(1),
  id: Ulid,
  callId: Ulid,
  /** Id of the call.received that is answered. */
  eventId: Ulid,
  time: Time,
  /** Worth nothing afterwards: the edge has decided by itself. */
  expiresAt: Time,
  configVersion: z.int().nonnegative(),
  route: Route,
});
export type RouteDecision = z.infer<typeof RouteDecision>;
