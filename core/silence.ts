import type { Silence } from '../contracts/config/silence.ts';
import type { LegName } from '../contracts/events/call.ts';

/** What a look at one side finds. Times are ms of one clock. */
export interface Heard {
  /** RTP packets so far. A number that is lower than before belongs to a new stream. */
  readonly packets: number;
  /** When the last one came, where that is known; it may be wrong by any amount. */
  readonly lastAt?: number | undefined;
  /** Nothing need come from this side now. */
  readonly held: boolean;
}

interface SideSilence {
  readonly packets: number;
  readonly heardAt: number;
  /** The worst that was said of this silence. */
  readonly told: 'nothing' | 'one-way' | 'timeout';
}

/** What is known of the silence of both sides, and when they were looked at. */
export type CallSilence = { readonly at: number } & { readonly [leg in LegName]: SideSilence };

interface Told<W extends string> {
  readonly what: W;
  readonly leg: LegName;
  readonly silentMs: number;
}
interface TimedOut {
  readonly what: 'timeout';
  readonly leg: LegName | 'both';
  readonly silentMs: number;
  readonly action: Silence['action'];
}
export type SilenceFound = Told<'resumed'> | Told<'one-way'> | TimedOut;

type Limits = { readonly [leg in LegName]: Silence };

const legs = ['a', 'b'] as const;
const other = (leg: LegName): LegName => (leg === 'a' ? 'b' : 'a');

/** Nobody has been heard yet: silence counts from now. */
export const startOfSilence = (now: number): CallSilence => {
  const side = { packets: 0, heardAt: now, told: 'nothing' } as const;
  return { at: now, a: side, b: side };
};

/**
 * One more look. That a side was heard since the last one, the number of its packets says; when exactly, `lastAt`, which is
 * believed where it lies between the two looks. A clock that is quite wrong so makes us find a silence later by the time
 * between two looks, and one that is wrong by less makes an error as large as its own; none makes a silence of no silence.
 */
export function lookForSilence(
  before: CallSilence,
  heard: { readonly [leg in LegName]: Heard },
  now: number,
  limits: Limits,
): { readonly silence: CallSilence; readonly found: readonly SilenceFound[] } {
  const sides = {
    a: hear(before.a, heard.a, before.at, now),
    b: hear(before.b, heard.b, before.at, now),
  };
  const resumed = legs.flatMap((leg): SilenceFound[] => {
    const isBack = before[leg].told !== 'nothing' && sides[leg].told === 'nothing' && !heard[leg].held;
    const silentMs = Math.max(0, sides[leg].heardAt - before[leg].heardAt);
    return isBack ? [{ what: 'resumed', leg, silentMs }] : [];
  });
  const timedOut = timeoutIn(sides, now, limits);
  for (const leg of timedOut?.late ?? []) sides[leg] = { ...sides[leg], told: 'timeout' };
  const oneWay = oneWayIn(sides, heard, now, limits);
  for (const { leg } of oneWay) sides[leg] = { ...sides[leg], told: 'one-way' };
  return {
    silence: { at: now, ...sides },
    found: [...resumed, ...(timedOut ? [timedOut.found] : []), ...oneWay],
  };
}

type Sides = { readonly [leg in LegName]: SideSilence };

function timeoutIn(sides: Sides, now: number, limits: Limits) {
  const silentMs = (leg: LegName) => now - sides[leg].heardAt;
  const late = legs.filter(
    (leg) => sides[leg].told !== 'timeout' && silentMs(leg) >= limits[leg].seconds * 1000,
  );
  const [first, second] = late;
  if (!first) return undefined;
  const found: TimedOut = {
    what: 'timeout',
    leg: second ? 'both' : first,
    silentMs: Math.max(...late.map(silentMs)),
    action: late.some((leg) => limits[leg].action === 'hangup') ? 'hangup' : 'report',
  };
  return { late, found };
}

/** One side is silent while the other is heard. */
function oneWayIn(
  sides: Sides,
  heard: { readonly [leg in LegName]: Heard },
  now: number,
  limits: Limits,
): Told<'one-way'>[] {
  const silentMs = (leg: LegName) => now - sides[leg].heardAt;
  const isQuiet = (leg: LegName) => silentMs(leg) >= limits[leg].oneWaySeconds * 1000;
  return legs
    .filter((leg) => sides[leg].told === 'nothing' && isQuiet(leg))
    .filter((leg) => !isQuiet(other(leg)) && !heard[other(leg)].held)
    .map((leg) => ({ what: 'one-way', leg, silentMs: silentMs(leg) }));
}

function hear(
  before: SideSilence,
  { packets, lastAt, held }: Heard,
  lookedAt: number,
  now: number,
): SideSilence {
  if (held) return { packets, heardAt: now, told: 'nothing' };
  if (packets === before.packets) return before;
  const heardAt = lastAt !== undefined && lastAt > lookedAt && lastAt < now ? lastAt : now;
  return { packets, heardAt, told: 'nothing' };
}

/** How soon a side that was found silent is looked at again, ms: it may be back. */
const BACK_WITHIN_MS = 5_000;

/** When the next look can find something: ms of the same clock. */
export function nextLook({ at, ...sides }: CallSilence, limits: Limits): number {
  const due = legs.flatMap((leg) => {
    const { told, heardAt } = sides[leg];
    return [
      ...(told === 'nothing' ? [heardAt + limits[leg].oneWaySeconds * 1000] : [at + BACK_WITHIN_MS]),
      ...(told === 'timeout' ? [] : [heardAt + limits[leg].seconds * 1000]),
    ].filter((when) => when > at);
  });
  return due.length > 0 ? Math.min(...due) : at + BACK_WITHIN_MS;
}
