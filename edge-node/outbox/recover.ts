import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { readAcknowledged } from './acknowledged.ts';
import { cutLines, unframe } from './frame.ts';
import { Segment } from './segment.ts';

export interface Recovered {
  /** What earlier lives left behind, oldest first. */
  readonly segments: readonly Segment[];
  readonly nextNumber: number;
}

/** Reads the journal that earlier lives of the process left in `dir`. */
export function recover(dir: string, logger: Logger): Recovered {
  const names = readdirSync(dir)
    .filter((name) => /^\d{10}\.journal$/.test(name))
    .sort();
  const last = names.at(-1);
  return {
    segments: names.map((name) => recoverSegment(join(dir, name), logger)),
    nextNumber: last === undefined ? 0 : Number.parseInt(last, 10) + 1,
  };
}

/** A torn last line is a `record` that never returned; a corrupt line elsewhere is damage: kept aside and reported. */
function recoverSegment(path: string, logger: Logger): Segment {
  const content = readFileSync(path);
  const { lines, torn } = cutLines(content);
  const settled = new Set([...readSettled(path)].filter((index) => index < lines.length));
  const corrupt = lines.flatMap((line, index) =>
    settled.has(index) || unframe(line) !== undefined ? [] : [{ line, index }],
  );
  if (torn.length > 0) logger.warn({ path, bytes: torn.length }, 'the last line of the journal is torn');
  if (corrupt.length > 0) {
    const aside = `${path}.corrupt`;
    writeFileSync(aside, Buffer.concat(corrupt.flatMap(({ line }) => [line, Buffer.from('\n')])));
    logger.error(
      { path, aside, lines: corrupt.map(({ index }) => index + 1) },
      'lines of the journal are corrupt: their events are not sent but kept aside',
    );
    for (const { index } of corrupt) settled.add(index);
  }
  return Segment.leftBehind(path, { bytes: content.length, lines: lines.length, settled });
}

function readSettled(path: string): Set<number> {
  try {
    return readAcknowledged(readFileSync(`${path}.acked`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set();
    throw error;
  }
}
