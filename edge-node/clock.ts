import { monotonicFactory } from 'ulid';
import type { Clock } from './ports.ts';

const ulid = monotonicFactory();

/** The clock of the machine. ULIDs made in one millisecond still sort in the order in which they were made. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  newId: () => ulid(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
