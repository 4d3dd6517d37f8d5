import type { MonotonicClock } from '../ports.ts';

/** Sends what is due; `dueMs` is the moment that was meant. */
export type Beat = (dueMs: number) => void;

export const FRAME_MS = 20;

/** Places in a frame's time among which the calls of a thread are shared out, so that they are not all sent at once. */
const SLOTS = 10;
const SLOT_MS = FRAME_MS / SLOTS;

/** Frames that are caught up with after a pause of the whole process; older ones are left out, a burst helps nobody. */
const MOST_LATE = 5;

/**
 * One schedule for all calls of a thread. Its deadlines are multiples of a slot since its start, whenever the timers fire: a
 * late one shortens the next wait, so nothing drifts.
 */
export class Pacer {
  readonly #clock: MonotonicClock;
  readonly #slots: Set<Beat>[] = Array.from({ length: SLOTS }, () => new Set());
  #origin = 0;
  /** The next slot, counted from the origin. */
  #next = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: MonotonicClock) {
    this.#clock = clock;
  }

  /** Calls `beat` every 20 ms; the returned function ends that. */
  add(beat: Beat): () => void {
    const slot = this.#slots.reduce((least, each) => (each.size < least.size ? each : least));
    slot.add(beat);
    if (!this.#cancel) {
      this.#origin = this.#clock.now();
      this.#next = 1;
      this.#wait();
    }
    return () => {
      slot.delete(beat);
      if (this.#slots.some(({ size }) => size > 0)) return;
      this.#cancel?.();
      this.#cancel = undefined;
    };
  }

  #due = () => this.#origin + this.#next * SLOT_MS;

  #wait(): void {
    this.#cancel = this.#clock.after(Math.max(0, this.#due() - this.#clock.now()), this.#run);
  }

  #run = () => {
    const late = Math.floor((this.#clock.now() - this.#due()) / FRAME_MS) - MOST_LATE;
    if (late > 0) this.#next += late * SLOTS;
    while (this.#cancel && this.#due() <= this.#clock.now()) {
      const due = this.#due();
      const slot = this.#slots[this.#next % SLOTS] ?? [];
      this.#next += 1;
      for (const beat of slot) beat(due);
    }
    if (this.#cancel) this.#wait();
  };
}
