import type { TrunklineEvent } from '../../contracts/events.ts';
import type { PlacedInvite } from './short-messages.ts';
import type { Heard } from './stage.ts';

/** When one strike began, was known, and gave way to the next. ms since 1970. */
export interface StruckAt {
  readonly name: string;
  readonly boundMs: number;
  /** From a strike to the end of the last call of the edge in the record; undefined: no edge was killed. */
  readonly endedBoundMs?: number;
  readonly at: number;
  readonly detectedAt: number;
  readonly until: number;
}

export interface StrikeFigures {
  readonly name: string;
  readonly boundMs: number;
  readonly detectedMs: number;
  /** New calls until the bound, and those of them that were not answered. */
  readonly before: Counted;
  /** New calls after the bound, until the next strike. */
  readonly after: Counted;
  /** Calls that were up and did not end by a BYE of a party, by reason. */
  readonly cut: Readonly<Record<string, number>>;
  /** From the strike to the end of the last of them on the bus. */
  readonly cutEndedMs: number | undefined;
  readonly endedBoundMs?: number;
}

interface Counted {
  readonly calls: number;
  readonly lost: number;
  /** Final statuses of those that were lost; null where none came. */
  readonly lostAs: readonly (number | null)[];
  /** Longest wait for a 200, ms. */
  readonly slowestMs: number;
}

/** What one strike did to the calls. A call that was being set up when it fell counts as one before the bound. */
export function judgeStrike(
  struck: StruckAt,
  invites: readonly PlacedInvite[],
  heard: readonly Heard[],
): StrikeFigures {
  const { name, boundMs, at, until } = struck;
  const isAfter = (invite: PlacedInvite) => invite.at > at + boundMs;
  // What is being set up when the next strike falls is that one's.
  const here = invites.filter(
    (invite) => invite.at < until && overAt(invite) >= at && overAt(invite) < until,
  );
  const cuts = heard.filter((each) => each.at >= at && each.at < until && isCut(each.event));
  const cut: Record<string, number> = {};
  for (const { event } of cuts) {
    if (event.type === 'call.ended') cut[event.reason] = (cut[event.reason] ?? 0) + 1;
  }
  return {
    ...{ name, boundMs, detectedMs: struck.detectedAt - at },
    before: count(here.filter((invite) => !isAfter(invite))),
    after: count(here.filter(isAfter)),
    cut,
    cutEndedMs: cuts.length === 0 ? undefined : Math.max(...cuts.map((each) => each.at)) - at,
    ...(struck.endedBoundMs === undefined ? {} : { endedBoundMs: struck.endedBoundMs }),
  };
}

/** No call is in the making for longer, ms: one that waits still, or waited longer, felt an earlier strike. */
const SETUP_MS = 5_000;

const overAt = ({ at, waitMs = SETUP_MS }: PlacedInvite) => at + Math.min(waitMs, SETUP_MS);

const count = (invites: readonly PlacedInvite[]): Counted => ({
  calls: invites.length,
  lost: invites.filter(({ status }) => status !== 200).length,
  lostAs: invites.filter(({ status }) => status !== 200).map(({ status }) => status ?? null),
  slowestMs: Math.max(0, ...invites.map(({ waitMs = 0 }) => waitMs)),
});

const byAParty = new Set(['caller-hangup', 'callee-hangup']);

/** The end of a call that nobody wanted. One that was not answered has had its own failure, and counts as an INVITE. */
const isCut = (event: TrunklineEvent): boolean =>
  event.type === 'call.ended' &&
  !byAParty.has(event.reason) &&
  (event.talkMs > 0 || event.reason === 'edge-lost');

/** Calls of which the bus does not have every number from 0 on. */
export function callsWithGaps(heard: readonly Heard[]): readonly string[] {
  const numbers = new Map<string, Set<number>>();
  for (const { event } of heard) {
    if (!('seq' in event) || event.seq === undefined || !event.callId) continue;
    const known = numbers.get(event.callId) ?? new Set();
    numbers.set(event.callId, known.add(event.seq));
  }
  return [...numbers].filter(([, seqs]) => Math.max(...seqs) !== seqs.size - 1).map(([callId]) => callId);
}
