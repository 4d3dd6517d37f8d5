import type { Command, CommandOf, CommandType } from '../../contracts/commands.ts';
import type { CommandOutcome } from '../ports.ts';
import type { Call } from './call.ts';

/** What follows from a command (BYE, events) goes on by itself. */
type ApplyCommand<T extends CommandType> = (
  call: Call,
  command: CommandOf<T>,
) => CommandOutcome | Promise<CommandOutcome>;

const applied: CommandOutcome = { applied: true };

const hangup: ApplyCommand<'call.hangup'> = (call, { reason }) => {
  afterThisTurn(() => void call.end({ reason: 'hung-up-by-command', detail: reason }));
  return applied;
};

const reject: ApplyCommand<'call.reject'> = (call, { sipStatus }) => {
  if (call.answeredAt !== undefined) {
    return {
      applied: false,
      reason: 'wrong-state',
      message: 'the call is answered: call.reject is for calls that still ring; send call.hangup instead',
    };
  }
  afterThisTurn(() => void call.end({ reason: 'rejected-by-command', sipStatus }));
  return applied;
};

const appliers: { readonly [T in CommandType]?: ApplyCommand<T> } = {
  'call.hangup': hangup,
  'call.reject': reject,
};

export async function applyCommand<T extends CommandType>(
  call: Call,
  command: Command & { readonly type: T },
): Promise<CommandOutcome> {
  if (call.isOver) return { applied: false, reason: 'call-ended', message: 'the call has ended already' };
  const apply = appliers[command.type] as ApplyCommand<T> | undefined;
  if (apply) return apply(call, command as CommandOf<T>);
  return { applied: false, reason: 'not-supported', message: `this edge does not know ${command.type}` };
}

/** `command.applied` is said before what the command causes. */
const afterThisTurn = (then: () => void) => setImmediate(then);
