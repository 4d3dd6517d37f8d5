import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Collection } from '../../contracts/config/collections.ts';
import {
  type CollectionStep,
  dueAt,
  hearDigit,
  passTime,
  startCollecting,
} from '../../core/collect-digits.ts';

type Moment = { readonly digit: string; readonly at: number; readonly id?: string } | { readonly at: number };

const rules = (changes: Partial<Parameters<typeof Collection.parse>[0] & object> = {}) =>
  Collection.parse({ minLength: 1, maxLength: 4, interDigitMs: 1_000, totalMs: 5_000, ...changes });

/** What has become of it after all of that. */
function afterAllOf(moments: readonly Moment[], given = rules()) {
  return moments.reduce<CollectionStep>(
    (step, moment, index) => {
      if ('over' in step) return step;
      if (!('digit' in moment)) return passTime(step.next, moment.at);
      return hearDigit(step.next, { id: moment.id ?? String(index), digit: moment.digit }, moment.at);
    },
    { next: startCollecting(given, 0) },
  );
}

const keys = (digits: string, every = 100, from = 0): Moment[] =>
  [...digits].map((digit, n) => ({ digit, at: from + (n + 1) * every }));

describe('an attempt', () => {
  test('is complete with as many digits as there may be', () => {
    expect(afterAllOf(keys('1234'))).toEqual({ over: { outcome: 'complete', digits: '1234', attempts: 1 } });
  });

  test('is complete with its terminator, which is none of the digits', () => {
    const given = rules({ terminator: '#' });
    expect(afterAllOf(keys('12#'), given)).toMatchObject({ over: { outcome: 'complete', digits: '12' } });
  });

  test('is complete at a pause where nothing else ends it, and not before', () => {
    expect(afterAllOf([...keys('12'), { at: 1_199 }])).toMatchObject({ next: { digits: '12' } });
    expect(afterAllOf([...keys('12'), { at: 1_200 }])).toMatchObject({ over: { digits: '12' } });
  });

  test('is too late at a pause where a terminator should have come', () => {
    const given = rules({ terminator: '#' });
    expect(afterAllOf([...keys('12'), { at: 1_200 }], given)).toEqual({
      over: { outcome: 'timeout', reason: 'too-late', attempts: 1 },
    });
  });

  test('is too late when nothing is pressed in all its time; before the first digit no pause is too long', () => {
    expect(afterAllOf([{ at: 4_999 }])).toMatchObject({ next: { attempt: 1 } });
    expect(afterAllOf([{ at: 5_000 }])).toMatchObject({ over: { outcome: 'timeout', reason: 'too-late' } });
  });

  test.each([
    [{ minLength: 3, terminator: '#' }, '12#', 'too-short'],
    [{ pattern: '4\\d{3}' }, '5123', 'no-match'],
    [{ pattern: '4', minLength: 1, terminator: '#' }, '44#', 'no-match'],
  ])('of %j with %s has failed: %s', (changes, pressed, reason) => {
    expect(afterAllOf(keys(pressed), rules(changes))).toEqual({
      over: { outcome: 'failed', reason, attempts: 1 },
    });
  });
});

describe('attempts', () => {
  test('begin anew with no digit and all their time, as many as there may be', () => {
    const given = rules({ attempts: 3, pattern: '1234', totalMs: 5_000 });
    const twice = [...keys('9999'), ...keys('8888', 100, 1_000)];
    expect(afterAllOf(twice, given)).toMatchObject({ next: { attempt: 3, digits: '', startedAt: 1_400 } });
    expect(afterAllOf([...twice, ...keys('1234', 100, 2_000)], given)).toEqual({
      over: { outcome: 'complete', digits: '1234', attempts: 3 },
    });
    expect(afterAllOf([...twice, { at: 6_400 }], given)).toEqual({
      over: { outcome: 'timeout', reason: 'too-late', attempts: 3 },
    });
  });

  test('a digit that comes when the time of one is over belongs to the next', () => {
    const given = rules({ attempts: 2, terminator: '#' });
    expect(afterAllOf([...keys('12'), { digit: '7', at: 1_300 }], given)).toMatchObject({
      next: { attempt: 2, digits: '7' },
    });
  });
});

const aStory = fc.record({
  given: fc.record({
    terminator: fc.constantFrom(undefined, '#'),
    maxLength: fc.integer({ min: 1, max: 6 }),
    attempts: fc.integer({ min: 1, max: 4 }),
    pattern: fc.constantFrom(undefined, '\\d+', '1\\d*'),
  }),
  pressed: fc.array(
    fc.record({ digit: fc.constantFrom(...'0123456789*#'), pause: fc.integer({ min: 1, max: 2_500 }) }),
    { maxLength: 40 },
  ),
});

describe('whatever is pressed', () => {
  const moments = (pressed: readonly { digit: string; pause: number }[]): Moment[] => {
    let at = 0;
    return pressed.map(({ digit, pause }, n) => {
      at += pause;
      return { digit, at, id: String(n) };
    });
  };

  test('a digit that is heard again changes nothing', () => {
    fc.assert(
      fc.property(aStory, fc.nat(), ({ given, pressed }, pick) => {
        const once = moments(pressed);
        const twice = once.flatMap((moment, n) =>
          n === pick % (once.length || 1) ? [moment, moment] : [moment],
        );
        expect(afterAllOf(twice, rules(given))).toEqual(afterAllOf(once, rules(given)));
      }),
    );
  });

  test('timers that fire in between change nothing: time that is looked at is time that passes', () => {
    fc.assert(
      fc.property(aStory, fc.integer({ min: 10, max: 400 }), ({ given, pressed }, every) => {
        const sparse = moments(pressed);
        const last = sparse.at(-1)?.at ?? 0;
        const looks = Array.from({ length: Math.floor(last / every) }, (_, n) => ({ at: n * every }));
        const dense = [...sparse, ...looks].sort((one, other) => one.at - other.at);
        const [a, b] = [afterAllOf(sparse, rules(given)), afterAllOf(dense, rules(given))];
        expect('over' in b).toBe('over' in a || 'over' in b);
        if ('over' in a && 'over' in b) expect(b.over.outcome).toBe(a.over.outcome);
      }),
    );
  });

  test('it is over by the end of all attempts, and complete only with digits that are such as was asked for', () => {
    fc.assert(
      fc.property(aStory, ({ given, pressed }) => {
        const asked = rules(given);
        const end = (moments(pressed).at(-1)?.at ?? 0) + asked.attempts * asked.totalMs;
        const waits = Array.from({ length: asked.attempts * 12 }, (_, n) => ({
          at: end + n * asked.totalMs,
        }));
        const step = afterAllOf([...moments(pressed), ...waits], asked);
        if (!('over' in step)) throw new Error('it goes on for ever');
        expect(step.over.attempts).toBeLessThanOrEqual(asked.attempts);
        if (step.over.outcome !== 'complete') return;
        expect(step.over.digits.length).toBeGreaterThanOrEqual(asked.minLength);
        expect(step.over.digits.length).toBeLessThanOrEqual(asked.maxLength);
        if (asked.terminator) expect(step.over.digits).not.toContain(asked.terminator);
        if (asked.pattern) expect(step.over.digits).toMatch(new RegExp(`^(?:${asked.pattern})$`));
      }),
    );
  });

  test('the time that ends an attempt is never before the last digit', () => {
    fc.assert(
      fc.property(aStory, ({ given, pressed }) => {
        const step = afterAllOf(moments(pressed), rules(given));
        if ('next' in step && step.next.lastAt !== undefined)
          expect(dueAt(step.next)).toBeGreaterThanOrEqual(step.next.lastAt);
      }),
    );
  });
});
