import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  acknowledgement,
  readAcknowledged,
  readRanges,
  writeRanges,
} from '../../../edge-node/outbox/acknowledged.ts';
import { delayBefore } from '../../../edge-node/outbox/back-off.ts';
import { entryBytes, limits, type Parcel, ParcelQueue } from '../../../edge-node/outbox/batch.ts';
import { cutLines, frame, unframe } from '../../../edge-node/outbox/frame.ts';

const lineNumbers = fc.uniqueArray(fc.nat(5_000), { minLength: 1 });
const text = fc.json();

describe('a framed line', () => {
  test('reads back as it was written, whatever JSON it holds', () => {
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const { lines, torn } = cutLines(Buffer.from(texts.map(frame).join('')));
        expect(lines.map(unframe)).toEqual(texts);
        expect(torn).toHaveLength(0);
      }),
    );
  });

  test('cut anywhere gives the whole lines before the cut and nothing else', () => {
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (texts, share) => {
          const whole = Buffer.from(texts.map(frame).join(''));
          const { lines } = cutLines(whole.subarray(0, Math.floor(whole.length * share)));
          expect(lines.map(unframe)).toEqual(texts.slice(0, lines.length));
        },
      ),
    );
  });

  test('with one bit changed is not believed', () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(7), (content, at, bit) => {
        const line = Buffer.from(frame(content)).subarray(0, -1);
        const index = at % line.length;
        line[index] = (line[index] ?? 0) ^ (1 << bit);
        expect(unframe(line)).toBeUndefined();
      }),
    );
  });
});

describe('acknowledgements', () => {
  test('name the same lines when they are read back', () => {
    fc.assert(
      fc.property(lineNumbers, (numbers) => {
        expect(new Set(readRanges(writeRanges(numbers)))).toEqual(new Set(numbers));
      }),
    );
  });

  test('are compact where lines follow each other', () => {
    expect(writeRanges([3, 1, 2, 0, 7, 9, 8, 12])).toBe('0-3,7-9,12');
  });

  test('cut anywhere never name a line that was not acknowledged', () => {
    fc.assert(
      fc.property(fc.array(lineNumbers), fc.double({ min: 0, max: 1, noNaN: true }), (groups, share) => {
        const whole = Buffer.from(groups.map(acknowledgement).join(''));
        const read = readAcknowledged(whole.subarray(0, Math.floor(whole.length * share)));
        expect([...read].filter((number) => !groups.flat().includes(number))).toEqual([]);
      }),
    );
  });
});

describe('batches', () => {
  const parcelOf = (bytes: number, alone: boolean): Parcel => ({
    entry: { source: 's', detailType: 't', time: '', detail: '' },
    bytes,
    alone,
    tries: 0,
  });
  const parcels = fc.array(
    fc.record({ bytes: fc.integer({ min: 1, max: limits.bytes }), alone: fc.boolean() }),
    { maxLength: 60 },
  );

  test('hold every parcel once, in order, within both limits; a suspect travels alone', () => {
    fc.assert(
      fc.property(parcels, fc.nat(10), (sizes, putBack) => {
        const queue = new ParcelQueue();
        const all = sizes.map(({ bytes, alone }) => parcelOf(bytes, alone));
        queue.putBack(all.slice(0, putBack));
        for (const parcel of all.slice(putBack)) queue.push(parcel);
        const batches: Parcel[][] = [];
        while (queue.length > 0) batches.push(queue.take());
        expect(batches.flat()).toEqual(all);
        for (const batch of batches) {
          expect(batch.length).toBeLessThanOrEqual(limits.entries);
          expect(batch.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(limits.bytes);
          if (batch.some(({ alone }) => alone)) expect(batch).toHaveLength(1);
        }
      }),
    );
  });

  test('count the bytes of an entry as the bus does: UTF-8, with source, type and time', () => {
    expect(entryBytes({ source: 'ab', detailType: 'cde', time: '', detail: '{"é":1}' })).toBe(14 + 2 + 3 + 8);
  });
});

test('the pause doubles from the first to the longest, half of it chance', () => {
  const backOff = { firstMs: 50, capMs: 5_000 };
  const longest = [1, 2, 3, 4, 8, 100].map((attempt) => delayBefore(attempt, backOff, () => 1));
  const shortest = [1, 2, 3, 4, 8, 100].map((attempt) => delayBefore(attempt, backOff, () => 0));
  expect(longest).toEqual([50, 100, 200, 400, 5_000, 5_000]);
  expect(shortest).toEqual([25, 50, 100, 200, 2_500, 2_500]);
});
