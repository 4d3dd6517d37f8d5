import type { CallScopedEvent, TrunklineEvent } from '../contracts/events.ts';
import { evolve } from '../core/call-state.ts';
import { firstUnseen } from '../core/seq-ranges.ts';
import { askAgain, type Patience } from './ask-again.ts';
import { type Outcome, UnreadableEvent } from './bus-handler.ts';
import type { CallRecords } from './ports.ts';

export interface ProjectCallPorts {
  readonly calls: CallRecords;
  readonly patience: Patience;
}

/** Several events of one call are folded at the same time, and each fold moves the revision: jitter lets one be the first. */
export const patience: Patience = {
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
    if (folded === undefined) throw new Error(`Others kept changing the record of call ${callId}`);
    return isNew || folded === 'changed' ? { outcome: 'projected', routine: true } : { outcome: 'duplicate' };
  };

/**
 * Undefined when the revision moved under every attempt. Who comes too late once folds all that is filed, so that of many
 * who do it at the same time, as with keys that are pressed quickly, the others find their event folded and write nothing.
 */
const fold = (calls: CallRecords, callId: string, event: CallScopedEvent, patience: Patience) =>
  askAgain(async (attempt) => {
    const record = await calls.load(callId, attempt === 1 ? 'cached' : 'latest');
    const own = evolve(record?.state, event);
    if (own === record?.state) return 'unchanged';
    const others = attempt === 1 ? [] : await calls.eventsFrom(callId, firstUnseen(own.seen));
    return (await calls.save(others.reduce(evolve, own), record?.revision)) ? 'changed' : undefined;
  }, patience);

const isOfCalls = (event: TrunklineEvent): event is CallScopedEvent => !event.type.startsWith('edge.');
