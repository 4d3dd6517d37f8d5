/** Sequence numbers seen so far, as sorted, disjoint, inclusive ranges: [[0, 4], [6, 9]] lacks 5. */
export type SeqRanges = readonly (readonly [number, number])[];

export const hasSeq = (ranges: SeqRanges, seq: number): boolean =>
  ranges.some(([first, last]) => first <= seq && seq <= last);

export function addSeq(ranges: SeqRanges, seq: number): SeqRanges {
  const joined: [number, number][] = [];
  const all = [...ranges, [seq, seq] as const].sort((a, b) => a[0] - b[0]);
  for (const [first, last] of all) {
    const previous = joined.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

/** The lowest number that was not seen. */
export const firstUnseen = ([first]: SeqRanges): number => (first?.[0] === 0 ? first[1] + 1 : 0);

/** The gaps below the highest number seen. */
export function missingSeqs(ranges: SeqRanges): SeqRanges {
  return ranges.flatMap(([first], index): SeqRanges => {
    const before = ranges[index - 1]?.[1] ?? -1;
    return first > before + 1 ? [[before + 1, first - 1]] : [];
  });
}
