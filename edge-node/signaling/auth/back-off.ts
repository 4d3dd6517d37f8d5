import type { Clock } from '../../ports.ts';

/** Holds off who fails again and again. */
export interface FailureBackOff {
  heldOff(source: string): boolean;
  failed(source: string): void;
  succeeded(source: string): void;
}

export interface BackOffOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Sources that are remembered; default 10,000, the one that failed longest ago is forgotten first. */
  readonly most?: number;
}

/** Failures that cost nothing: passwords are mistyped, and secrets are changed on one side first. */
const FREE = 5;
const FIRST_MS = 1_000;
const LONGEST_MS = 300_000;
/** Forgiven after so long without one, ms. */
const FORGIVEN_MS = 600_000;

export function createBackOff({ clock, most = 10_000 }: BackOffOptions): FailureBackOff {
  const sources = new Map<string, { failures: number; at: number; until: number }>();
  return {
    heldOff: (source) => (sources.get(source)?.until ?? Number.NEGATIVE_INFINITY) > clock.monotonic(),
    failed(source) {
      const now = clock.monotonic();
      const known = sources.get(source);
      const failures = 1 + (known && now - known.at < FORGIVEN_MS ? known.failures : 0);
      const hold = failures < FREE ? 0 : Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - FREE));
      sources.delete(source);
      sources.set(source, { failures, at: now, until: now + hold });
      const [oldest] = sources.keys();
      if (sources.size > most && oldest !== undefined) sources.delete(oldest);
    },
    succeeded: (source) => void sources.delete(source),
  };
}
