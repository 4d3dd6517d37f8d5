import { randomFillSync } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import type { Clock } from './ports.ts';

const pool = new Uint8Array(4096);
let used = pool.length;

/** Randomness in [0, 1), drawn from the system in pages: an id takes sixteen of these. */
function random(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return (pool[used++] ?? 0) / 256;
}

const ulid = monotonicFactory(random);

/** The machine's own clocks and timers. Ids are ULIDs that sort in the order in which they were made. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  newId: () => ulid(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
