import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnyEvent, type CallScopedEvent } from '../../contracts/events.ts';
import { digitsKept, digitsOf } from '../../core/call-digits.ts';
import { advance, type CallPhase } from '../../core/call-phase.ts';
import { type CallState, evolve } from '../../core/call-state.ts';
import { transfersKept } from '../../core/call-transfers.ts';
import {
  answered,
  aStory,
  callId,
  edge,
  ended,
  legMedia,
  reapedEnd,
  received,
  routed,
  tellDigit,
  tellTransfer,
  ulid,
  wholeCalls,
} from './call-story.ts';

function fold(events: readonly CallScopedEvent[]): CallState {
  const state = events.reduce<CallState | undefined>(evolve, undefined);
  if (!state) throw new Error('nothing was told');
  return state;
}

/** As it goes through DynamoDB between two events. */
const throughJson = (state: CallState | undefined): CallState | undefined =>
  state && (JSON.parse(JSON.stringify(state)) as CallState);

/** Some of the events in any order, each at least once and some again. */
const shuffled = (events: readonly CallScopedEvent[]) =>
  fc.tuple(fc.subarray([...events]), fc.infiniteStream(fc.nat())).map(([again, keys]) => {
    const draws = keys[Symbol.iterator]();
    return [...events, ...again]
      .map((event) => ({ event, key: draws.next().value as number }))
      .sort((one, other) => one.key - other.key)
      .map(({ event }) => event);
  });

const disordered = (from: typeof wholeCalls) =>
  from.chain((told) => fc.record({ told: fc.constant(told), heard: shuffled(told) }));

const parts = wholeCalls.chain((events) => fc.subarray(events, { minLength: 1 }));

const talked = () =>
  aStory().say('call.received', received).say('call.routed', routed).say('call.answered', answered);

describe('a call told in any order', () => {
  test('the generated calls are events that the contracts accept', () => {
    fc.assert(
      fc.property(wholeCalls, (events) => {
        for (const event of events) expect(AnyEvent.parse(event)).toEqual(event);
      }),
      { numRuns: 50 },
    );
  });

  test('any permutation and duplication of a whole call folds to the same state', () => {
    fc.assert(
      fc.property(disordered(wholeCalls), ({ told, heard }) => {
        expect(fold(heard)).toEqual(fold(told));
      }),
    );
  });

  test('so does any permutation and duplication of any part of a call', () => {
    fc.assert(
      fc.property(disordered(parts), ({ told, heard }) => {
        expect(fold(heard)).toEqual(fold(told));
      }),
    );
  });

  test('the state is plain JSON: stored between any two events, it folds to the same', () => {
    fc.assert(
      fc.property(disordered(parts), ({ told, heard }) => {
        const stored = heard.reduce<CallState | undefined>(
          (state, event) => throughJson(evolve(throughJson(state), event)),
          undefined,
        );
        expect(stored).toStrictEqual(fold(told));
      }),
    );
  });

  test('an event that is heard again changes nothing, not even the object', () => {
    fc.assert(
      fc.property(wholeCalls, (events) => {
        const state = fold(events);
        for (const event of events) expect(evolve(state, event)).toBe(state);
      }),
    );
  });

  test('a call told whole is complete, and its phase is the one that the edge went through', () => {
    fc.assert(
      fc.property(wholeCalls, (events) => {
        const own = events.filter((event) => event.seq !== undefined);
        let phase: CallPhase = 'received';
        let state: CallState | undefined;
        for (const event of own) {
          phase = advance(phase, event.type);
          state = evolve(state, event);
          expect(state).toMatchObject({ phase, missing: [], complete: event.type === 'call.ended' });
        }
      }),
    );
  });

  test('a call of which anything is missing is not complete, and the gaps are known', () => {
    fc.assert(
      fc.property(wholeCalls, fc.nat(), (events, pick) => {
        const own = events.filter((event) => event.seq !== undefined);
        const lost = pick % (own.length - 1);
        const state = fold(own.filter(({ seq }) => seq !== lost));
        expect(state).toMatchObject({ complete: false, missing: [[lost, lost]] });
      }),
    );
  });
});

describe('what the on-call engineer finds in the state', () => {
  test('who called whom, who decided and how long that took', () => {
    expect(fold(talked().events)).toMatchObject({
      callId,
      edge,
      phase: 'answered',
      received: { trunk: 'carrier', from: { number: '+15550199' }, sipCallId: 'a84b4c76e66710' },
      routed: { source: 'live', waitMs: 12.5, configVersion: 3, agent: 'desk' },
      answered: { target: 'desk-1', setupMs: 640, codecs: { a: 'PCMU', b: 'PCMU' } },
      complete: false,
    });
  });

  test('every attempt that failed, with its reason', () => {
    const story = aStory().say('call.received', received).say('call.routed', routed);
    const failed = { target: 'desk-1', reason: 'target-error', sipStatus: 500, durationMs: 31 } as const;
    const { attempts } = fold(story.say('call.attempt-failed', { ...failed, tryingNext: true }).events);
    expect(Object.values(attempts)).toMatchObject([failed]);
  });

  test('the latest media totals while the call is up, whichever came last', () => {
    const quality = (packets: number) => ({ a: legMedia(packets), b: legMedia(packets) });
    const { events } = talked().say('media.quality', quality(3_000)).say('media.quality', quality(6_000));
    expect(fold([...events].reverse()).quality).toMatchObject({ seq: 4, a: { packets: 6_000 } });
  });

  test('digits in the order in which they were pressed, received and delivered', () => {
    const story = talked();
    for (const [n, digit] of [...'42#'].entries()) tellDigit(story, ulid(700 + n), digit);
    const lastNotDelivered = story.events.slice(0, -1).reverse();
    const state = fold(lastNotDelivered);
    expect([digitsOf(state, 'a'), digitsOf(state, 'a', 'delivered')]).toEqual(['42#', '42']);
    expect(digitsOf(state, 'b')).toBe('');
  });

  test('a caller who presses keys for hours: the first are kept, all are counted, in any order', () => {
    const story = talked();
    for (let n = 0; n < digitsKept + 40; n += 1) tellDigit(story, ulid(700 + n), String(n % 10));
    const state = fold(story.events);
    expect(state.digitCount).toEqual({ received: digitsKept + 40, delivered: digitsKept + 40, gap: 0 });
    expect(digitsOf(state, 'a')).toHaveLength(digitsKept);
    expect(JSON.stringify(state).length).toBeLessThan(16_000);
    expect(fold([...story.events].reverse())).toEqual(state);
  });

  test('a call that is handed on again and again: the latest transfers are kept, in any order', () => {
    const story = talked();
    for (let n = 0; n < transfersKept + 9; n += 1) tellTransfer(story, ulid(1_100 + n), n % 2 === 0);
    const { transfers = {} } = fold(story.events);
    expect(Object.keys(transfers)).toHaveLength(transfersKept);
    expect(transfers[ulid(1_100 + transfersKept + 8)]).toMatchObject({ outcome: 'transferred' });
    expect(transfers[ulid(1_100 + transfersKept + 7)]).toMatchObject({ outcome: 'failed', sipStatus: 486 });
    expect(fold([...story.events].reverse()).transfers).toEqual(transfers);
  });

  test('an event with a seq far ahead costs no more than its gap', () => {
    const far = {
      ...talked().say('media.started', { afterMs: 1 }).events[3],
      seq: 2 ** 52,
    } as CallScopedEvent;
    expect(fold([far]).missing).toEqual([[0, 2 ** 52 - 1]]);
  });
});

describe('the end of a call', () => {
  const own = talked().say('call.ended', ended('callee-hangup')).events;

  test('the edge knows better than the reaper, whoever speaks first', () => {
    for (const events of [
      [...own, reapedEnd(0)],
      [reapedEnd(0), ...own],
    ]) {
      expect(fold(events)).toMatchObject({ ended: { by: 'edge', reason: 'callee-hangup' }, complete: true });
    }
  });

  test('a call that was reaped stays ended when the lost edge speaks late, and is not complete', () => {
    const state = fold([reapedEnd(0), ...talked().events]);
    expect(state).toMatchObject({
      phase: 'ended',
      ended: { by: 'reaper', reason: 'edge-lost' },
      complete: false,
    });
  });

  test('what the control plane says of a command changes no state', () => {
    const state = fold(own);
    const refused = {
      version: 1,
      id: ulid(1),
      type: 'command.refused',
      callId,
      time: '2026-01-31T12:00:00.000Z',
      command: 'call.hangup',
      reason: 'call-ended',
      message: 'the call has ended',
    } as const;
    expect(evolve(state, refused)).toBe(state);
  });

  test('an event that names no call throws', () => {
    const { callId: _none, ...ofNoCall } = reapedEnd(0);
    expect(() => evolve(undefined, ofNoCall)).toThrow('belongs to no call');
  });
});
