import type { EventType } from '../../contracts/events.ts';

/** How events and commands travel. Times in ms of virtual time. */
export interface Delivery {
  /** From an event to its handlers, and from a command to the call; 40 by default. */
  readonly latencyMs?: number;
  /** Events of these types come that much later than others. */
  readonly late?: { readonly [T in EventType]?: number };
  /** Delivered twice, the second time at once or `afterMs` later: all events, or those of these types. */
  readonly doubled?: boolean | readonly EventType[] | Doubled;
  /** Never delivered. EventBridge loses nothing; a rule that was off for a while does. */
  readonly lost?: readonly EventType[];
  /** How far the record that `calls.get` reads lies behind what was said; 40 by default. */
  readonly recordLagMs?: number;
  /** How long each method of `calls` takes; 0 by default. Meanwhile other events are handled, and the same one again. */
  readonly callsMs?: number;
  /** Every event comes up to 2 s late and perhaps twice, and commands overtake each other, as chance has it: the same for the same seed. */
  readonly seed?: number;
}

export interface Doubled {
  readonly afterMs: number;
  /** All by default. */
  readonly types?: readonly EventType[];
}

const LATENCY_MS = 40;
const RECORD_LAG_MS = 40;
const DISORDER_MS = 2_000;
const COMMAND_DISORDER_MS = 300;

/** When an event reaches its handlers, ms from when it was said; several times where it is doubled, never where it is lost. */
export function arrivals(delivery: Delivery): (type: EventType) => readonly number[] {
  const { latencyMs = LATENCY_MS, late = {}, doubled = false, lost = [], seed } = delivery;
  const chance = seed === undefined ? undefined : randomOf(seed);
  const disorder = () => (chance ? Math.round(chance() * DISORDER_MS) : 0);
  const { afterMs, isDoubled } = doublesOf(doubled);
  return (type) => {
    if (lost.includes(type)) return [];
    const first = latencyMs + (late[type] ?? 0) + disorder();
    const again = isDoubled(type) || (chance !== undefined && chance() < 0.3);
    return again ? [first, first + afterMs + disorder()] : [first];
  };
}

function doublesOf(doubled: NonNullable<Delivery['doubled']>) {
  if (typeof doubled === 'boolean') return { afterMs: 0, isDoubled: () => doubled };
  const { afterMs, types } = 'afterMs' in doubled ? doubled : { afterMs: 0, types: doubled };
  return { afterMs, isDoubled: (type: EventType) => types === undefined || types.includes(type) };
}

/** How long `calls` takes, and how old its record is, ms. */
export const callsDelays = ({ recordLagMs = RECORD_LAG_MS, callsMs = 0 }: Delivery) => ({
  recordLagMs,
  callsMs,
});

/** How long each command is under way, ms: two that were sent one after the other may arrive the other way round. */
export function commandLatencies({ latencyMs = LATENCY_MS, seed }: Delivery): () => number {
  const chance = seed === undefined ? undefined : randomOf(seed + 1);
  return () => latencyMs + (chance ? Math.round(chance() * COMMAND_DISORDER_MS) : 0);
}

/** 0 to 1, by a linear congruential generator: chance that can be repeated. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
