import type { MonotonicClock } from '../ports.ts';

export const systemClock: MonotonicClock = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
