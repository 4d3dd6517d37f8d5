import pTimeout from 'p-timeout';
import type { TrunklineEvent } from '../contracts/events.ts';

/** Of a run's time, for telling that it is over: the line of the log, and that `once` forgets the event, ms. */
export const LAST_WORDS_MS = 500;

/** A handler had not come to its end when its function's time was nearly over. */
export class RanOutOfTime extends Error {
  constructor(event: TrunklineEvent, afterMs: number) {
    const call = 'callId' in event && event.callId !== undefined ? ` of call ${event.callId}` : '';
    super(
      `${event.type}${call} was not handled within ${afterMs} ms: raise \`timeout\` of the CallEventHandler, or do less in one run`,
    );
    this.name = 'RanOutOfTime';
  }
}

/**
 * What `work` comes to, within `ms`. What is left undone goes on by itself, as far as Lambda lets it.
 * @throws RanOutOfTime, which says more than Lambda's own "Task timed out".
 */
export const withinTime = <R>(work: Promise<R>, event: TrunklineEvent, ms: number): Promise<R> =>
  pTimeout(work, { milliseconds: Math.max(1, ms), message: new RanOutOfTime(event, ms) });
