import type { Clock } from '../ports.ts';

/** How long a command waits for one with a lower number, ms: three times what the way of a command takes at p99. */
export const GAP_MS = 1_500;

export interface CommandTurn {
  /** Position among the commands of the call, from 1. */
  readonly sequence: number;
  /** Begins at its turn although one before it is still at work: it ends the call, and with it that work. */
  readonly endsCall: boolean;
  /** Never rejects. */
  readonly work: () => Promise<void>;
}

/**
 * The commands of one call, begun in the order of their numbers and one after the other. A number that is missing holds the
 * later ones up for {@link GAP_MS}; then they go on, and the one that was missing comes too late.
 */
export class CommandLine {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #waiting = new Map<number, () => void>();
  #next = 1;
  #atWork: Promise<unknown> = Promise.resolve();
  #gap: { readonly at: number; readonly close: () => void } | undefined;

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** Resolves when the work is done; false where it came after a later one, and is not begun. */
  take({ sequence, endsCall, work }: CommandTurn): Promise<boolean> {
    if (sequence < this.#next || this.#waiting.has(sequence)) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.#waiting.set(sequence, () => {
        const done = endsCall ? work() : this.#atWork.then(work);
        this.#atWork = Promise.allSettled([this.#atWork, done]);
        resolve(done.then(() => true));
      });
      this.#goOn();
    });
  }

  /** Nobody waits any longer: each begins now, and finds out what there is left to do. */
  close(): void {
    for (const sequence of [...this.#waiting.keys()].sort((one, other) => one - other)) this.#begin(sequence);
    this.#goOn();
  }

  #begin(sequence: number): void {
    const begin = this.#waiting.get(sequence);
    this.#waiting.delete(sequence);
    this.#next = sequence + 1;
    begin?.();
  }

  #goOn(): void {
    while (this.#waiting.has(this.#next)) this.#begin(this.#next);
    if (this.#gap && (this.#gap.at !== this.#next || this.#waiting.size === 0)) {
      this.#gap.close();
      this.#gap = undefined;
    }
    if (this.#waiting.size > 0)
      this.#gap ??= { at: this.#next, close: this.#clock.after(GAP_MS, () => this.#skip()) };
  }

  #skip(): void {
    this.#gap = undefined;
    this.#begin(Math.min(...this.#waiting.keys()));
    this.#goOn();
  }
}
