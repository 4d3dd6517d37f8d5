import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRepeatedLines } from '../../../edge-node/media/repeated-lines.ts';

const key = (event: number, duration = 160, source_tag = 'a') => ({
  callid: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  source_tag,
  event,
  duration,
  volume: 10,
});

const heard = (lines: readonly (readonly [ReturnType<typeof key>, number])[]) => {
  const isRepeated = createRepeatedLines();
  return lines.flatMap(([line, at]) => (isRepeated(line, at) ? [] : [line.event])).join('');
};

test('an identical line at once is the same key; the same key twice within a second is two', () => {
  expect(
    heard([
      [key(5), 0],
      [key(5), 20],
      [key(5), 260],
      [key(5), 520],
    ]),
  ).toBe('555');
});

test('an end packet that is repeated after the next key has ended is not a third key', () => {
  expect(
    heard([
      [key(5), 0],
      [key(6), 260],
      [key(5), 300],
      [key(6), 310],
      [key(7), 520],
    ]),
  ).toBe('567');
});

test('the same key held for another time, or on the other side, is another key however soon it comes', () => {
  expect(
    heard([
      [key(5), 0],
      [key(5, 161), 10],
      [key(5, 160, 'b1'), 12],
    ]),
  ).toBe('555');
});

const pressed = fc.array(
  fc.record({
    event: fc.integer({ min: 0, max: 2 }),
    held: fc.constantFrom(60, 160, 400),
    gap: fc.integer({ min: 40, max: 300 }),
    late: fc.integer({ min: -10, max: 10 }),
    again: fc.boolean(),
  }),
  { maxLength: 30 },
);

test('whatever is pressed, with packets 10 ms early or late: each key counts once, with and without repeated end packets', () => {
  fc.assert(
    fc.property(pressed, (keys) => {
      let now = 0;
      const lines = keys.flatMap(({ event, held, gap, late, again }) => {
        now += gap + held;
        const line = key(event, held);
        const one = [line, now + late] as const;
        return again ? [one, [line, now + late + 20] as const] : [one];
      });
      expect(heard(lines)).toBe(keys.map(({ event }) => event).join(''));
    }),
  );
});
