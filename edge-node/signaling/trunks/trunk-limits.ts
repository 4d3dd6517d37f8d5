import type { TrunkLimits } from '../../../contracts/config.ts';
import type { Clock } from '../../ports.ts';

/** Gives back what was taken; a second time is harmless. */
export type Release = () => void;

export interface TrunkCounters {
  /** One more call on this trunk; undefined where it is at its limit. */
  take(trunk: string, limits: Pick<TrunkLimits, 'calls' | 'callsPerSecond'>): Release | undefined;
  calls(trunk: string): number;
}

/** Counts the calls of each trunk on this edge, both directions together. */
export function countTrunks(clock: Clock): TrunkCounters {
  const up = new Map<string, number>();
  const arrivals = new Map<string, { second: number; count: number }>();
  const calls = (trunk: string) => up.get(trunk) ?? 0;
  const thisSecond = (trunk: string) => {
    const second = Math.floor(clock.monotonic() / 1000);
    const known = arrivals.get(trunk);
    if (known?.second === second) return known;
    const fresh = { second, count: 0 };
    arrivals.set(trunk, fresh);
    return fresh;
  };
  return {
    calls,
    take(trunk, { calls: most = Number.POSITIVE_INFINITY, callsPerSecond = Number.POSITIVE_INFINITY }) {
      const now = thisSecond(trunk);
      if (calls(trunk) >= most || now.count >= callsPerSecond) return undefined;
      now.count += 1;
      up.set(trunk, calls(trunk) + 1);
      let given = false;
      return () => {
        if (given) return;
        given = true;
        up.set(trunk, calls(trunk) - 1);
      };
    },
  };
}
