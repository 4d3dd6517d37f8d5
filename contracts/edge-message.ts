import * as z from 'zod';
import { Command } from './commands.ts';
import { RouteDecision } from './route-decision.ts';

/** A command on its way to the edge that owns the call; `sequence` counts the commands of that call from 1. */
export const DeliveredCommand = z.object({
  kind: z.literal('command'),
  version: z.literal(1),
  sequence: z.int().positive(),
  command: Command,
});
export type DeliveredCommand = z.infer<typeof DeliveredCommand>;

/** Body of one message in an edge's SQS queue. */
export const EdgeMessage = z.discriminatedUnion('kind', [RouteDecision, DeliveredCommand]);
export type EdgeMessage = z.infer<typeof EdgeMessage>;
