import type { TerminationReason } from '../../contracts/terminations.ts';
import type { Clock } from '../ports.ts';

export interface Limits {
  /** Calls at one time, and new calls in one second, that this edge takes on. */
  readonly maxCalls: number;
  readonly maxCallsPerSecond: number;
}

/** Says no early and cheaply, so that the calls already up are not touched. */
export interface Admission {
  /** Undefined: come in. */
  refuse(calls: number): TerminationReason | undefined;
  /** No new calls from now on. */
  drain(): void;
  readonly draining: boolean;
}

/** `ready` tells whether everything a new call needs is there: routing, media, room for events. */
export function createAdmission(limits: Limits, ready: () => boolean, clock: Clock): Admission {
  let draining = false;
  let second = 0;
  let arrivals = 0;
  return {
    refuse(calls) {
      if (draining) return 'edge-draining';
      if (!ready()) return 'edge-not-ready';
      const now = Math.floor(clock.monotonic() / 1000);
      if (now !== second) [second, arrivals] = [now, 0];
      if (calls >= limits.maxCalls || arrivals >= limits.maxCallsPerSecond) return 'edge-overloaded';
      arrivals += 1;
      return undefined;
    },
    drain() {
      draining = true;
    },
    get draining() {
      return draining;
    },
  };
}
