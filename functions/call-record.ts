import { beginningOf, type CallState } from '../core/call-state.ts';
import { askAgain, type Patience } from './ask-again.ts';
import type { CallStates } from './ports.ts';

export interface CallPorts {
  readonly calls: CallStates;
  /** How long it waits for the record of the call. */
  readonly patience: Patience;
}

/** The state of a call that says where its edge listens, or that it is over. @throws Error where there is none: the event is then tried again. */
export async function recordOf({ calls, patience }: CallPorts, callId: string): Promise<CallState> {
  const state = await askAgain(async () => {
    const known = (await calls.load(callId, 'latest'))?.state;
    return known?.ended || (known && beginningOf(known)?.replyTo) ? known : undefined;
  }, patience);
  if (!state) throw new Error(`There is no record of call ${callId} that says where its edge listens`);
  return state;
}

/** Undefined where the call is over. */
export const replyToOf = (state: CallState): string | undefined =>
  state.ended ? undefined : beginningOf(state)?.replyTo;
