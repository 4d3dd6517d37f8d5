import pRetry, { type Options } from 'p-retry';
import type { CallScopedEvent, TrunklineEvent } from '../contracts/events.ts';
import { evolve } from '../core/call-state.ts';
import type { Outcome } from './bus-handler.ts';
import { UnreadableEvent } from './bus-handler.ts';
import type { CallRecords } from './ports.ts';

export interface ProjectCallPorts {
  readonly calls: CallRecords;
  /** Waits between attempts to fold into a record that others are writing too. */
  readonly patience: Options;
}

/** Several events of one call are folded at the same time and each fold moves the revision: jitter lets them take turns. */
export const patience: Options = {
  retries: 12,
  minTimeout: 15,
  factor: 1.7,
  maxTimeout: 1_000,
  randomize: true,
};

/**
 * Files an event and folds it into the state of its call. Three requests: the event's row is written while the state is
 * read (eventually consistent), then the state is written. A repeated event takes the first two.
 */
export const project =
  ({ calls, patience }: ProjectCallPorts) =>
  async (event: TrunklineEvent): Promise<Outcome> => {
    if (!isOfCalls(event))
      throw new UnreadableEvent('The event', [`type: ${event.type} is not an event of a call`]);
    const { callId } = event;
    if (callId === undefined) return { outcome: 'of-no-call' };
    // What the control plane says must not bring into being a call that no edge ever spoke of.
    if (event.seq === undefined && !(await calls.load(callId, 'latest')))
      return { outcome: 'of-unknown-call' };
    const [isNew, folded] = await Promise.all([calls.addEvent(event), fold(calls, callId, event, patience)]);
    return isNew || folded ? { outcome: 'projected', routine: true } : { outcome: 'duplicate' };
  };

/** True when the state changed. */
function fold(
  calls: CallRecords,
  callId: string,
  event: CallScopedEvent,
  options: Options,
): Promise<boolean> {
  return pRetry(async (attempt) => {
    const record = await calls.load(callId, attempt === 1 ? 'cached' : 'latest');
    const state = evolve(record?.state, event);
    if (state === record?.state) return false;
    if (await calls.save(state, record?.revision)) return true;
    throw new Error(`The record of call ${callId} was changed by others ${attempt} times in a row`);
  }, options);
}

const isOfCalls = (event: TrunklineEvent): event is CallScopedEvent => !event.type.startsWith('edge.');
