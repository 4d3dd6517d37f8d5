import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addSeq, firstUnseen, hasSeq, missingSeqs, type SeqRanges } from '../../core/seq-ranges.ts';

const seqLists = fc.array(fc.nat(40), { minLength: 1, maxLength: 40 });
const rangesOf = (seqs: readonly number[]) => seqs.reduce<SeqRanges>(addSeq, []);
const numbersIn = (ranges: SeqRanges) =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, n) => first + n));

describe('sequence numbers that were seen', () => {
  test('are known, and no others', () => {
    fc.assert(
      fc.property(seqLists, fc.nat(40), (seqs, seq) => {
        expect(hasSeq(rangesOf(seqs), seq)).toBe(seqs.includes(seq));
      }),
    );
  });

  test('and those that are missing make up everything to the highest', () => {
    fc.assert(
      fc.property(seqLists, (seqs) => {
        const ranges = rangesOf(seqs);
        const all = [...numbersIn(ranges), ...numbersIn(missingSeqs(ranges))].sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: Math.max(...seqs) + 1 }, (_, n) => n));
      }),
    );
  });

  test('stand in as few ranges as possible', () => {
    expect(rangesOf([3, 0, 1, 5, 4, 9])).toEqual([
      [0, 1],
      [3, 5],
      [9, 9],
    ]);
  });
});

test.each<[SeqRanges, number]>([
  [[], 0],
  [[[0, 4]], 5],
  [
    [
      [0, 0],
      [2, 9],
    ],
    1,
  ],
  [[[3, 4]], 0],
])('of %j the first that was not seen is %i', (ranges, first) => {
  expect(firstUnseen(ranges)).toBe(first);
});
