import pLimit from 'p-limit';
import type { CallEnded } from '../contracts/events/call.ts';
import { beginningOf, type CallState } from '../core/call-state.ts';
import { findCallsToReap, type LostCall } from '../core/find-calls-to-reap.ts';
import { terminations } from '../core/terminations.ts';
import type { Outcome } from './bus-handler.ts';
import { derivedId } from './derived-id.ts';
import type { ActiveCalls, Announcements, CallStates, Clock, Fleet } from './ports.ts';

export interface ReapCallsPorts {
  readonly active: ActiveCalls;
  readonly calls: CallStates;
  readonly fleet: Fleet;
  readonly announce: Announcements;
  readonly clock: Clock;
  readonly edgeLostAfterMs: number;
}

/** Reads at the same time; the states of an edge's calls may be thousands. */
const reads = 32;

/**
 * Says call.ended for the calls whose edge is gone. project-call folds that as it folds every event, so a call's state has
 * one writer; until it has, each run says the same event, with the same id, again.
 */
export const reap =
  ({ active, calls, fleet, announce, clock, edgeLostAfterMs }: ReapCallsPorts) =>
  async (): Promise<Outcome> => {
    const [up, rows] = await Promise.all([active.list(), fleet.rows()]);
    const now = clock.now();
    const lost = findCallsToReap(up, rows, now, edgeLostAfterMs);
    const ends = await pLimit(reads).map(lost, async (call): Promise<CallEnded[]> => {
      const state = (await calls.load(call.callId, 'latest'))?.state;
      return state === undefined || state.ended ? [] : [endOf(state, call, now)];
    });
    const events = ends.flat();
    await announce.say(events);
    const facts = { active: up.length, edges: rows.length, lost: events.length };
    return events.length > 0
      ? { outcome: 'reaped', facts }
      : { outcome: 'nothing-lost', routine: true, facts };
  };

function endOf(state: CallState, { callId, detail }: LostCall, now: number): CallEnded {
  const { blame, sip } = terminations['edge-lost'];
  const since = (time: string | undefined) => (time === undefined ? 0 : Math.max(0, now - Date.parse(time)));
  return {
    version: 1,
    id: derivedId(callId, 'edge-lost'),
    type: 'call.ended',
    callId,
    time: new Date(now).toISOString(),
    reason: 'edge-lost',
    blame,
    sipStatus: sip,
    durationMs: since(beginningOf(state)?.time),
    talkMs: since(state.answered?.time),
    media: null,
    digits: state.digitCount,
    detail,
  };
}
