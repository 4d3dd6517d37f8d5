import type { Refusal } from './dialects/dialect.ts';
import type { MonotonicClock } from './ports.ts';

/** Of one socket in a second: twenty times what a talking agent sends in frames of 20 ms, and 43 s of audio at 24 kHz. */
const MOST_MESSAGES = 1_000;
const MOST_BYTES = 2 * 1024 * 1024;

/** Told once a second; nothing is lost by it. */
export const flood: Refusal = {
  code: 'flood',
  message: `more than ${MOST_MESSAGES} messages or ${MOST_BYTES} bytes in a second: nothing more was read until it was over, nothing is lost`,
};

/** Counts what one socket sends, by the second. */
export class Flood {
  readonly #clock: MonotonicClock;
  #since = Number.NEGATIVE_INFINITY;
  #messages = 0;
  #bytes = 0;
  #isTold = false;

  constructor(clock: MonotonicClock) {
    this.#clock = clock;
  }

  /** For how long the socket must not be read after this message, ms: told once a second, otherwise 0. */
  waitMs(bytes: number): number {
    const now = this.#clock.now();
    if (now - this.#since >= 1_000) {
      this.#since = now;
      this.#messages = 0;
      this.#bytes = 0;
      this.#isTold = false;
    }
    this.#messages += 1;
    this.#bytes += bytes;
    if (this.#isTold || (this.#messages <= MOST_MESSAGES && this.#bytes <= MOST_BYTES)) return 0;
    this.#isTold = true;
    return Math.max(1, this.#since + 1_000 - now);
  }
}
