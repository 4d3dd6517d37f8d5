import {
  appendFileSync,
  closeSync,
  fdatasync,
  fdatasyncSync,
  fsync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { acknowledgement } from './acknowledged.ts';
import { cutLines, frame, unframe } from './frame.ts';

export interface JournaledLine {
  readonly index: number;
  readonly text: string;
}

const segmentName = (number: number) => `${String(number).padStart(10, '0')}.journal`;

/** One append-only file of the journal; beside it, `.acked` lists the lines that are on the bus. */
export class Segment {
  readonly path: string;
  /** Size of the file, and how many lines it holds. */
  bytes = 0;
  lines = 0;
  #file: number | undefined;
  #acknowledged = 0;
  #unwritten: number[] = [];
  /** Lines that {@link unsent} leaves out: acknowledged in an earlier life, corrupt, or sent out of turn. */
  #skipped = new Set<number>();

  private constructor(path: string) {
    this.path = path;
  }

  static create(dir: string, number: number): Segment {
    const segment = new Segment(join(dir, segmentName(number)));
    segment.#file = openSync(segment.path, 'ax', 0o600);
    // The name must survive a power loss as well, not only the content.
    const directory = openSync(dir, 'r');
    fsync(directory, () => closeSync(directory));
    return segment;
  }

  /** A file left by an earlier life. It takes no more lines. */
  static leftBehind(path: string, was: { bytes: number; lines: number; settled: Set<number> }): Segment {
    const segment = new Segment(path);
    segment.bytes = was.bytes;
    segment.lines = was.lines;
    segment.#skipped = was.settled;
    segment.#acknowledged = was.settled.size;
    return segment;
  }

  /** Handed to the kernel when this returns, so it outlives the process; {@link sync} makes it outlive the power. */
  append(text: string): number {
    if (this.#file === undefined) throw new Error(`${this.path} is closed`);
    const line = frame(text);
    const size = Buffer.byteLength(line);
    const written = writeSync(this.#file, line);
    this.bytes += written;
    if (written < size) throw new Error(`only ${written} of ${size} bytes fit into ${this.path}`);
    return this.lines++;
  }

  acknowledge(index: number): void {
    this.#acknowledged += 1;
    this.#unwritten.push(index);
  }

  skip(index: number): void {
    this.#skipped.add(index);
  }

  /** Nothing more will be written to it and everything in it is on the bus. */
  get finished(): boolean {
    return this.#file === undefined && this.#acknowledged >= this.lines;
  }

  /** Lines that are not known to be on the bus. */
  get unsentLines(): number {
    return this.lines - this.#acknowledged;
  }

  /** Lines from `start` on that still have to be sent. Call once: afterwards the caller knows them. */
  unsent(start: number): JournaledLine[] {
    const found: JournaledLine[] = [];
    for (const [index, line] of cutLines(readFileSync(this.path)).lines.entries()) {
      if (index < start || this.#skipped.has(index)) continue;
      const text = unframe(line);
      if (text !== undefined) found.push({ index, text });
    }
    this.#skipped.clear();
    return found;
  }

  writeAcknowledgements(): void {
    if (this.#unwritten.length === 0) return;
    appendFileSync(`${this.path}.acked`, acknowledgement(this.#unwritten), { mode: 0o600 });
    this.#unwritten = [];
  }

  /** To the disk itself; `done` gets the error, if any. */
  sync(done: (error: Error | null) => void): void {
    if (this.#file === undefined) done(null);
    else fdatasync(this.#file, done);
  }

  /** Takes no more lines; the file reaches the disk and closes without holding anybody up. */
  retire(): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#file = undefined;
    fdatasync(file, () => closeSync(file));
  }

  /** As {@link retire}, but done when it returns. */
  close(): void {
    if (this.#file === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    try {
      fdatasyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  remove(): void {
    rmSync(this.path, { force: true });
    rmSync(`${this.path}.acked`, { force: true });
  }
}
