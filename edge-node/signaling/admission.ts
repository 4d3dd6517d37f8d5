import type { TerminationReason } from '../../contracts/terminations.ts';
import type { Clock } from '../ports.ts';

export interface Limits {
  /** Calls at one time, and new calls in one second, that this edge takes on. */
  readonly maxCalls: number;
  readonly maxCallsPerSecond: number;
}

/** Retry-After of a 503, s: carriers go on to another edge meanwhile (RFC 3261 §21.5.4). */
export const RETRY_AFTER_SECONDS = '5';

/** Says no early and cheaply, so that the calls already up are not touched. */
export interface Admission {
  /** For a new call while there are `calls`. Undefined: come in; it counts as one of this second. */
  refuse(calls: number): TerminationReason | undefined;
  /** What a new call would hear now; nothing is counted. */
  wouldRefuse(calls: number): TerminationReason | undefined;
  /** No new calls from now on. */
  drain(): void;
  readonly draining: boolean;
}

/** What a new call depends on. */
export interface Conditions {
  /** Whether everything it needs is there: routing, media, room for events. */
  readonly ready: () => boolean;
  /** Whether this machine is behind with its work, so that one call more would wait until it times out. */
  readonly pressed: () => boolean;
}

export function createAdmission(limits: Limits, { ready, pressed }: Conditions, clock: Clock): Admission {
  let draining = false;
  let second = 0;
  let arrivals = 0;
  const wouldRefuse = (calls: number) => {
    if (draining) return 'edge-draining';
    if (!ready()) return 'edge-not-ready';
    const now = Math.floor(clock.monotonic() / 1000);
    if (now !== second) [second, arrivals] = [now, 0];
    const isFull = pressed() || calls >= limits.maxCalls || arrivals >= limits.maxCallsPerSecond;
    return isFull ? 'edge-overloaded' : undefined;
  };
  return {
    wouldRefuse,
    refuse(calls) {
      const reason = wouldRefuse(calls);
      if (reason === undefined) arrivals += 1;
      return reason;
    },
    drain() {
      draining = true;
    },
    get draining() {
      return draining;
    },
  };
}
