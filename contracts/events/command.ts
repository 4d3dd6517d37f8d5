import * as z from 'zod';
import { sharedEvent, Ulid } from '../envelope.ts';

export const CommandApplied = sharedEvent('command.applied', { commandId: Ulid, command: z.string() });

/** Why a command changed nothing. */
export const CommandRefusal = z.enum([
  'invalid',
  'unknown-call',
  'call-ended',
  'expired',
  'wrong-state',
  /** Later commands of the call were applied before it came. */
  'overtaken',
  'not-supported',
  'failed',
]);
export type CommandRefusal = z.infer<typeof CommandRefusal>;

/** `message` names the field, the value and the remedy. `commandId` is absent where the command had no readable id. */
export const CommandRefused = sharedEvent('command.refused', {
  commandId: Ulid.optional(),
  command: z.string().max(128),
  reason: CommandRefusal,
  message: z.string().max(1024),
});
