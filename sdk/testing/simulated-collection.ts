import type { CommandOf } from '../../contracts/commands.ts';
import {
  type Collected,
  type CollectionStep,
  dueAt,
  hearDigit,
  passTime,
  startCollecting,
} from '../../core/collect-digits.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A collection that is under way: the very rules of the edge, in virtual time. */
export interface SimulatedCollection {
  readonly command: CommandOf<'call.collect'>;
  hear(digit: { readonly id: string; readonly digit: string }): void;
  /** The call ends. */
  end(): void;
}

export function startCollection(
  time: VirtualTime,
  command: CommandOf<'call.collect'>,
  over: (collected: Collected) => void,
): SimulatedCollection {
  let state = startCollecting(command, time.now());
  let forget = () => {};
  const finish = (collected: Collected) => {
    forget();
    over(collected);
  };
  const step = (next: CollectionStep) => {
    forget();
    if ('over' in next) return finish(next.over);
    state = next.next;
    forget = time.after(dueAt(state) - time.now(), () => step(passTime(state, time.now())));
  };
  step({ next: state });
  return {
    command,
    hear: (digit) => step(hearDigit(state, digit, time.now())),
    end: () => finish({ outcome: 'failed', reason: 'call-ended', attempts: state.attempt }),
  };
}
