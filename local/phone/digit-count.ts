import { type DigitLoadResult, pairs, type TimedEvent } from './digit-load.ts';
import type { TimedKey } from './digit-phones.ts';

/** What became of all digits, by all who know. */
export interface Counted {
  readonly pressed: number;
  /** At the agents. */
  readonly heard: number;
  /** Calls whose agent heard what their caller pressed, in that order. */
  readonly callsHeardRight: number;
  /** As the calls say when they end. */
  readonly received: number;
  readonly delivered: number;
  readonly gap: number;
  /** First end packet at the caller to the event on the bus, and to the first end packet at the agent, ms. */
  readonly toBusMs: readonly number[];
  readonly toAgentMs: readonly number[];
  readonly holds: boolean;
}

export function count(result: DigitLoadResult, events: readonly TimedEvent[]): Counted {
  const ended = events.flatMap(({ event }) => (event.type === 'call.ended' ? [event.digits] : []));
  const sum = (of: 'received' | 'delivered' | 'gap') => ended.reduce((total, each) => total + each[of], 0);
  const paired = pairs(result);
  const pressed = total(result.pressed);
  const figures = { received: sum('received'), delivered: sum('delivered'), gap: sum('gap') };
  const callsHeardRight = paired.filter(({ heard }) => heard).length;
  return {
    ...figures,
    pressed,
    heard: total(result.heard),
    callsHeardRight,
    toBusMs: toBus(result, events),
    toAgentMs: paired.flatMap(({ pressed, heard = [] }) => delays(pressed, heard)),
    holds:
      result.sippEnded === 0 &&
      figures.received === pressed &&
      figures.delivered === pressed &&
      figures.gap === 0 &&
      callsHeardRight === result.pressed.length,
  };
}

const total = (calls: readonly (readonly TimedKey[])[]) => calls.reduce((sum, keys) => sum + keys.length, 0);

const delays = (from: readonly TimedKey[], to: readonly { readonly at: number }[]) =>
  to.flatMap(({ at }, index) => (from[index] ? [at - from[index].at] : []));

/** The events of a call in the order of their numbers are the keys of the caller who pressed the same. */
function toBus({ pressed }: DigitLoadResult, events: readonly TimedEvent[]): number[] {
  const calls = new Map<string, { seq: number; key: string; at: number }[]>();
  for (const { event, at } of events) {
    if (event.type !== 'dtmf.received') continue;
    const said = calls.get(event.callId) ?? [];
    said.push({ seq: event.seq, key: event.digit ?? '?', at });
    calls.set(event.callId, said);
  }
  const heard = [...calls.values()].map((said) => said.toSorted((one, other) => one.seq - other.seq));
  return pairs({ pressed, heard }).flatMap(({ pressed: keys, heard: said = [] }) => delays(keys, said));
}
