import type { CommandOf, CommandType } from '../../contracts/commands.ts';
import type { CommandRefusal } from '../../contracts/events/command.ts';
import type { CommandOutcome } from '../ports.ts';
import type { Call } from './call.ts';

/**
 * Applies a command of one type; call-commands.ts joins them. What follows from the command (BYE, events) may go on by itself.
 * While it is at work the next command of the call waits; after 15 s, and when the call ends, nobody waits for it any more.
 */
export type ApplyCommand<T extends CommandType> = (
  call: Call,
  command: CommandOf<T>,
) => CommandOutcome | Promise<CommandOutcome>;

export const applied: CommandOutcome = { applied: true };

/** `message` names the field or the state, and the remedy. */
export const refused = (reason: CommandRefusal, message: string): CommandOutcome => ({
  applied: false,
  reason,
  message,
});
