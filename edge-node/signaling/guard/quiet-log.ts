import type { Logger } from 'pino';
import type { Clock } from '../../ports.ts';

/** Warns of what strangers can make happen as often as they like. */
export interface QuietLog {
  /** `key` from a closed set: of each, one line in a while, with the number of those that were left out before it. */
  warn(key: string, fields: Readonly<Record<string, unknown>>, message: string): void;
}

const EVERY_MS = 10_000;

/** A scanner must not fill the disk: the metrics count everything, the log shows an example. */
export function createQuietLog(logger: Pick<Logger, 'warn'>, clock: Pick<Clock, 'monotonic'>): QuietLog {
  const said = new Map<string, { at: number; leftOut: number }>();
  return {
    warn(key, fields, message) {
      const now = clock.monotonic();
      const last = said.get(key);
      if (last && now - last.at < EVERY_MS) {
        last.leftOut += 1;
        return;
      }
      said.set(key, { at: now, leftOut: 0 });
      logger.warn({ ...fields, ...(last?.leftOut ? { moreBefore: last.leftOut } : {}) }, message);
    },
  };
}
