import { cutLines, frame, unframe } from './frame.ts';

/** Line numbers as text: `0-9,12`. */
export function writeRanges(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((one, other) => one - other);
  const ranges: { from: number; to: number }[] = [];
  for (const number of sorted) {
    const last = ranges.at(-1);
    if (last && number <= last.to + 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

export function readRanges(text: string): number[] {
  return text.split(',').flatMap((range) => {
    const [from = Number.NaN, to = from] = range.split('-').map(Number);
    return Number.isInteger(from) && to >= from
      ? Array.from({ length: to - from + 1 }, (_, step) => from + step)
      : [];
  });
}

/** Begins with a newline, so that it stands alone even behind a torn line. */
export const acknowledgement = (numbers: readonly number[]): string => `\n${frame(writeRanges(numbers))}`;

/** Whatever cannot be read counts as not acknowledged: an event sent twice is allowed, a lost one is not. */
export function readAcknowledged(content: Buffer): Set<number> {
  const texts = cutLines(content).lines.map(unframe);
  return new Set(texts.flatMap((text) => (text ? readRanges(text) : [])));
}
