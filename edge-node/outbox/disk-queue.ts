import type { Logger } from 'pino';
import type { Journal, Place } from './journal.ts';
import type { JournaledLine, Segment } from './segment.ts';

interface Stretch {
  readonly segment: Segment;
  readonly from: number;
  events: number;
}

export interface ReadBack {
  readonly segment: Segment;
  readonly lines: readonly JournaledLine[];
  /** How many events these are by the books. */
  readonly events: number;
}

/** Events that wait on disk alone: those of earlier lives, and those that memory has no room for in an outage. */
export class DiskQueue {
  readonly #journal: Journal;
  readonly #logger: Logger;
  readonly #stretches: Stretch[];

  constructor(journal: Journal, logger: Logger) {
    this.#journal = journal;
    this.#logger = logger;
    this.#stretches = journal
      .leftBehind()
      .map((segment) => ({ segment, from: 0, events: segment.unsentLines }));
  }

  get events(): number {
    return this.#stretches.reduce((sum, { events }) => sum + events, 0);
  }

  get empty(): boolean {
    return this.#stretches.length === 0;
  }

  /** The event is in the journal and stays there until {@link readBack} reaches it. */
  leave({ segment, index }: Place): void {
    const last = this.#stretches.at(-1);
    if (last?.segment === segment) last.events += 1;
    else this.#stretches.push({ segment, from: index, events: 1 });
  }

  /** The oldest segment's worth of events, whole: at most a segment's size comes into memory. */
  readBack(): ReadBack | undefined {
    const next = this.#stretches[0];
    if (!next || !this.#isClosed(next.segment)) return undefined;
    this.#stretches.shift();
    const { segment, from, events } = next;
    try {
      return { segment, events, lines: segment.unsent(from) };
    } catch (error) {
      this.#logger.error(
        { path: segment.path, events, err: error },
        'a journal file cannot be read: its events stay there until the next start',
      );
      return { segment, events, lines: [] };
    }
  }

  /** Only a segment that takes no more lines is read. */
  #isClosed(segment: Segment): boolean {
    if (segment !== this.#journal.active) return true;
    try {
      this.#journal.rotate();
      return true;
    } catch (error) {
      this.#logger.error(
        { err: error },
        'the journal cannot go on to a new file: events stay on disk for now',
      );
      return false;
    }
  }
}
