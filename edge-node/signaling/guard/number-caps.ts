import type { NumberCap } from '../../../contracts/config.ts';
import type { Clock } from '../../ports.ts';

/** Counts calls of single numbers, so that one stolen password or one premium number cannot take a whole trunk. */
export interface NumberCaps {
  /** One more call of all these numbers; the one that is at its cap, or a function that gives the call back. */
  take(keys: readonly string[], caps: NumberCap): string | (() => void);
  readonly size: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

interface Count {
  running: number;
  minute: { at: number; calls: number };
  hour: { at: number; calls: number };
}

/** `most` numbers without a running call are remembered; the one that called longest ago is forgotten first. */
export function createNumberCaps(clock: Pick<Clock, 'monotonic'>, most = 20_000): NumberCaps {
  const counts = new Map<string, Count>();
  const countOf = (key: string): Count => {
    const now = clock.monotonic();
    const [minute, hour] = [Math.floor(now / MINUTE_MS), Math.floor(now / HOUR_MS)];
    const count = counts.get(key) ?? {
      running: 0,
      minute: { at: minute, calls: 0 },
      hour: { at: hour, calls: 0 },
    };
    if (count.minute.at !== minute) count.minute = { at: minute, calls: 0 };
    if (count.hour.at !== hour) count.hour = { at: hour, calls: 0 };
    return count;
  };
  const isFull = ({ running, minute, hour }: Count, caps: NumberCap) =>
    running >= (caps.calls ?? Number.POSITIVE_INFINITY) ||
    minute.calls >= (caps.callsPerMinute ?? Number.POSITIVE_INFINITY) ||
    hour.calls >= (caps.callsPerHour ?? Number.POSITIVE_INFINITY);
  const forget = () => {
    for (const [key, { running }] of counts) {
      if (counts.size <= most) return;
      if (running === 0) counts.delete(key);
    }
  };
  return {
    take(keys, caps) {
      const full = keys.find((key) => isFull(countOf(key), caps));
      if (full !== undefined) return full;
      const taken = keys.map((key) => {
        const count = countOf(key);
        count.running += 1;
        count.minute.calls += 1;
        count.hour.calls += 1;
        counts.delete(key);
        counts.set(key, count);
        return count;
      });
      forget();
      return () => {
        for (const count of taken.splice(0)) count.running -= 1;
      };
    },
    get size() {
      return counts.size;
    },
  };
}
