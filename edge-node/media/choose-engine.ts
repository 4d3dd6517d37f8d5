import type { EngineState } from './engine-health.ts';

/** What a choice looks at. */
export interface EligibleEngine {
  readonly name: string;
  readonly state: EngineState;
  readonly draining: boolean;
  /** It has refused a call for want of room. */
  readonly full: boolean;
  readonly behind: boolean;
  readonly sessions: number;
  /** When a call last came to it; 0 before the first. */
  readonly enteredAt: number;
}

/**
 * Engines for a new call, the best first: those that are up before those in doubt, those that keep up before those that
 * are behind, then the one with the fewest calls of this edge, then the one that has waited longest. None that is dead,
 * draining or full.
 */
export const enginesInOrder = <E extends EligibleEngine>(engines: readonly E[]): readonly E[] =>
  engines
    .filter(({ state, draining, full }) => state !== 'dead' && !draining && !full)
    .toSorted(
      (one, other) =>
        Number(one.state !== 'up') - Number(other.state !== 'up') ||
        Number(one.behind) - Number(other.behind) ||
        one.sessions - other.sessions ||
        one.enteredAt - other.enteredAt,
    );

/** For a call that is at `kept` already, where it may stay although the engine drains. */
export const enginesFrom = <E extends EligibleEngine>(
  engines: readonly E[],
  kept: E | undefined,
): readonly E[] => {
  const order = enginesInOrder(engines);
  return kept && kept.state !== 'dead' ? [kept, ...order.filter((engine) => engine !== kept)] : order;
};

/** Why no engine takes a call. */
export const whyNone = (engines: readonly EligibleEngine[]): string =>
  `no rtpengine takes a call: ${engines.map((engine) => `${engine.name} is ${stateIn(engine)}`).join(', ')}`;

function stateIn({ state, draining, full }: EligibleEngine): string {
  if (state === 'dead') return state;
  if (draining) return 'draining';
  return full ? 'at its limit of sessions' : state;
}
