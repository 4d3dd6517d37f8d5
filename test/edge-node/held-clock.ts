import { systemClock } from '../../edge-node/clock.ts';
import type { Clock } from '../../edge-node/ports.ts';

export interface HeldClock extends Clock {
  /** Lets time pass; timers that come due run in their order. */
  pass(ms: number): void;
  /** Timers that are set. */
  pending(): number;
}

/** Time in the hand of the test. */
export function heldClock(start = Date.UTC(2026, 0, 1)): HeldClock {
  let at = 0;
  const timers = new Set<{ due: number; then: () => void }>();
  const nextUntil = (until: number) =>
    [...timers].filter(({ due }) => due <= until).sort((one, other) => one.due - other.due)[0];
  return {
    now: () => start + at,
    monotonic: () => at,
    newId: () => systemClock.newId(),
    after(ms, then) {
      const timer = { due: at + ms, then };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    pass(ms) {
      const until = at + ms;
      for (let next = nextUntil(until); next; next = nextUntil(until)) {
        timers.delete(next);
        at = next.due;
        next.then();
      }
      at = until;
    },
    pending: () => timers.size,
  };
}
