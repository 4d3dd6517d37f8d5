import type { Command } from '../../contracts/commands.ts';
import type { CommandOutcome } from '../ports.ts';
import type { Call } from './call.ts';

const applied: CommandOutcome = { applied: true };

/** Applies a command at once; what follows from it (BYE, events) goes on by itself. */
export async function applyCommand(call: Call, command: Command): Promise<CommandOutcome> {
  if (call.isOver) return { applied: false, reason: 'call-ended', message: 'the call has ended already' };
  switch (command.type) {
    case 'call.hangup':
      void afterThisTurn(() => call.end({ reason: 'hung-up-by-command', detail: command.reason }));
      return applied;
    case 'call.reject':
      if (call.answeredAt !== undefined) {
        return {
          applied: false,
          reason: 'wrong-state',
          message: 'the call is answered: call.reject is for calls that still ring; send call.hangup instead',
        };
      }
      void afterThisTurn(() => call.end({ reason: 'rejected-by-command', sipStatus: command.sipStatus }));
      return applied;
  }
}

/** `command.applied` is said before what the command causes. */
const afterThisTurn = (then: () => void) => setImmediate(then);
