import type { MonotonicClock } from './ports.ts';

/** The timers of one call: they end with it. */
export class Timers implements Disposable {
  readonly clock: MonotonicClock;
  readonly #set = new Set<() => void>();

  constructor(clock: MonotonicClock) {
    this.clock = clock;
  }

  /** The returned function calls it off. */
  later(ms: number, then: () => void): () => void {
    const stop = this.clock.after(ms, () => {
      this.#set.delete(stop);
      then();
    });
    this.#set.add(stop);
    return () => {
      stop();
      this.#set.delete(stop);
    };
  }

  /** Each `ms` from now on. */
  repeat(ms: number, then: () => void): void {
    this.later(ms, () => {
      this.repeat(ms, then);
      then();
    });
  }

  /** Never resolves where the call ends meanwhile. */
  pause = (ms: number) => new Promise<void>((resolve) => this.later(ms, resolve));

  [Symbol.dispose](): void {
    for (const stop of this.#set) stop();
    this.#set.clear();
  }
}
