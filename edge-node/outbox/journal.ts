import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { recover } from './recover.ts';
import { Segment } from './segment.ts';

/** Where a line stands. */
export interface Place {
  readonly segment: Segment;
  readonly index: number;
}

const enoughForAnEvent = 64 * 1024;

/** The events on disk: appended to the newest segment; a segment goes when all of it is on the bus. */
export class Journal {
  readonly #dir: string;
  readonly #logger: Logger;
  readonly #segmentBytes: number;
  readonly #segments: Set<Segment>;
  #active: Segment;
  #nextNumber: number;
  #bytes = 0;
  #dirty = false;
  #syncing = false;
  /** The last write failed half-way: the segment may end in the middle of a line. */
  #broken = false;

  constructor(dir: string, segmentBytes: number, logger: Logger) {
    const { segments, nextNumber } = recover(dir, logger);
    this.#dir = dir;
    this.#logger = logger;
    this.#segmentBytes = segmentBytes;
    this.#segments = new Set(segments);
    this.#bytes = segments.reduce((sum, { bytes }) => sum + bytes, 0);
    this.#active = Segment.create(dir, nextNumber);
    this.#nextNumber = nextNumber + 1;
    this.#segments.add(this.#active);
    for (const segment of segments) this.#removeIfFinished(segment);
  }

  /** Size of all segments. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Segments of earlier lives with something left to send, oldest first. */
  leftBehind(): Segment[] {
    return [...this.#segments].filter((segment) => segment !== this.#active);
  }

  /** Throws when the disk refuses. A line that was cut in the middle is written again, whole, into a fresh file. */
  append(text: string): Place {
    try {
      return this.#write(text);
    } catch {
      this.#broken = true;
      return this.#write(text);
    }
  }

  #write(text: string): Place {
    if (this.#broken || this.#active.bytes >= this.#segmentBytes) this.rotate();
    const segment = this.#active;
    const before = segment.bytes;
    try {
      return { segment, index: segment.append(text) };
    } finally {
      this.#bytes += segment.bytes - before;
      this.#dirty = true;
    }
  }

  /** Throws while the disk refuses. Nothing of it stays. */
  tryDisk(): void {
    const path = join(this.#dir, 'try');
    try {
      writeFileSync(path, Buffer.alloc(enoughForAnEvent));
    } finally {
      rmSync(path, { force: true });
    }
  }

  /** Closes the segment being written and begins the next. */
  rotate(): Segment {
    const next = Segment.create(this.#dir, this.#nextNumber);
    this.#nextNumber += 1;
    const old = this.#active;
    this.#active = next;
    this.#broken = false;
    this.#segments.add(next);
    old.retire();
    this.#removeIfFinished(old);
    return next;
  }

  get active(): Segment {
    return this.#active;
  }

  acknowledge({ segment, index }: Place): void {
    segment.acknowledge(index);
    this.#removeIfFinished(segment);
  }

  /** Late acknowledgements cost a duplicate after a crash, never a loss: so they are written in groups. */
  writeAcknowledgements(): void {
    for (const segment of this.#segments) segment.writeAcknowledgements();
  }

  /** Brings what was appended so far to the disk itself. One at a time; does nothing when there is nothing. */
  sync(failed: (error: Error) => void): void {
    if (!this.#dirty || this.#syncing) return;
    this.#dirty = false;
    this.#syncing = true;
    this.#active.sync((error) => {
      this.#syncing = false;
      if (error && (error as NodeJS.ErrnoException).code !== 'EBADF') failed(error);
    });
  }

  /** Something was appended since the last {@link sync} began. */
  get dirty(): boolean {
    return this.#dirty;
  }

  /** Everything to disk; what is finished is removed. */
  close(): void {
    this.#active.close();
    this.#removeIfFinished(this.#active);
    this.writeAcknowledgements();
  }

  #removeIfFinished(segment: Segment): void {
    if (!segment.finished || !this.#segments.delete(segment)) return;
    this.#bytes -= segment.bytes;
    try {
      segment.remove();
    } catch (error) {
      this.#logger.error(
        { path: segment.path, err: error },
        'a journal file that is done with stays on disk',
      );
    }
  }
}
