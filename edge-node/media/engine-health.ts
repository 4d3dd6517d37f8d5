/** `up` takes new calls; `suspect` takes them only where no other is up; `dead` takes none, and its calls are over. */
export type EngineState = 'up' | 'suspect' | 'dead';

/** Pings are sent this often, ms, and after each that an engine not `up` has answered or missed. */
export const PING_EVERY_MS = 2_000;
export const PING_AGAIN_MS = 500;
/** Missed pings in a row, without a sign of life between them, that make an engine dead. */
const DEAD_AFTER_MISSED = 4;
/** Answered pings in a row that make a suspect or a dead engine one to be relied on again. */
const UP_AFTER_ANSWERED = 2;

/**
 * What is thought of one rtpengine. A missed ping makes it suspect, and so does any other command that it leaves
 * unanswered, after which it is pinged at once; the fourth missed ping in a row makes it dead; the second answered one in a
 * row makes it up again. The very first ping decides alone.
 *
 * With a ping time-out of 700 ms an engine that dies is dead for us after 4 × 700 + 3 × 500 = 4.3 s from the first ping
 * that it misses, which is sent 2 s after its last answer at the latest: 6.3 s. One that pauses for less keeps its calls.
 * One that comes back is up after 0.5 s to 1.7 s.
 */
export interface EngineHealth {
  readonly state: EngineState;
  answered(): void;
  missed(): void;
  /** A command was left unanswered. */
  doubt(): void;
  /** Anything at all came from the engine, be it late: it is slow, or we are, but it is not dead. */
  heard(): void;
}

/** From the death of an engine to its being dead for us, ms, at most: the pings above with this time-out. */
export const deadWithinMs = (pingTimeoutMs: number): number =>
  PING_EVERY_MS + DEAD_AFTER_MISSED * pingTimeoutMs + (DEAD_AFTER_MISSED - 1) * PING_AGAIN_MS;

export function createEngineHealth(
  onChange: (state: EngineState, before: EngineState) => void,
): EngineHealth {
  let state: EngineState | undefined;
  let missed = 0;
  let answered = 0;
  const become = (next: EngineState) => {
    const before = state ?? next;
    state = next;
    if (before !== next) onChange(next, before);
  };
  return {
    get state() {
      return state ?? 'dead';
    },
    answered() {
      missed = 0;
      answered += 1;
      if (state === undefined || (state !== 'up' && answered >= UP_AFTER_ANSWERED)) become('up');
    },
    missed() {
      answered = 0;
      missed += 1;
      if (state === undefined || missed >= DEAD_AFTER_MISSED) become('dead');
      else if (state === 'up') become('suspect');
    },
    doubt() {
      answered = 0;
      if (state === 'up') become('suspect');
    },
    heard() {
      missed = 0;
    },
  };
}
