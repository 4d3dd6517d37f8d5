import type { CommandOutcome } from '../../ports.ts';
import { refused } from '../apply-command.ts';
import type { Call } from '../call.ts';
import { type Joined, joinedOf } from './joined.ts';

/** Applies a command to an answered call, once the offers and answers that are on their way are done. */
export async function inExchange(
  call: Call,
  apply: (joined: Joined) => Promise<CommandOutcome>,
): Promise<CommandOutcome> {
  const outcome = await call.exchanges.run(async () => {
    const joined = joinedOf(call);
    return joined
      ? apply(joined)
      : refused('wrong-state', 'the call is not answered: wait for call.answered');
  });
  return outcome ?? refused('failed', 'too many changes of this call are on their way: send it again');
}
