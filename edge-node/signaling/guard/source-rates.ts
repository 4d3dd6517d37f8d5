import ipaddr from 'ipaddr.js';
import type { Clock } from '../../ports.ts';

interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** How much each source has left. */
export interface SourceRates {
  /** Whether this one is within the rate; it counts. */
  allows(source: string, rate: Rate): boolean;
  readonly size: number;
}

interface Bucket {
  tokens: number;
  /** Monotonic, ms. */
  at: number;
}

/** One token bucket per source. `most` sources are remembered; the one that was heard longest ago is forgotten first. */
export function createSourceRates(clock: Pick<Clock, 'monotonic'>, most = 10_000): SourceRates {
  const buckets = new Map<string, Bucket>();
  return {
    allows(source, { perSecond, burst }) {
      const now = clock.monotonic();
      const known = buckets.get(source);
      const regained = known ? known.tokens + ((now - known.at) / 1000) * perSecond : burst;
      const left = Math.min(burst, regained);
      const allowed = left >= 1;
      buckets.delete(source);
      buckets.set(source, { tokens: allowed ? left - 1 : left, at: now });
      const [oldest] = buckets.keys();
      if (buckets.size > most && oldest !== undefined) buckets.delete(oldest);
      return allowed;
    },
    get size() {
      return buckets.size;
    },
  };
}

/** Who counts as one source: an IPv4 address, or an IPv6 /64, since whoever has one address of it has them all. */
export function sourceOf(address: string): string {
  if (!ipaddr.isValid(address)) return address.slice(0, 64);
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':');
}
