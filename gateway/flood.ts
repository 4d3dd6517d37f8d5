import type { Refusal } from './dialects/dialect.ts';
import type { MonotonicClock } from './ports.ts';

/** Of one socket in a second: twenty times what a talking agent sends in frames of 20 ms, and 40 s of audio at 24 kHz. */
const MOST_MESSAGES = 1_000;
const MOST_BYTES = 2 * 1024 * 1024;

/** Counts what one socket sends, by the second. */
export class Flood {
  readonly #clock: MonotonicClock;
  #since = 0;
  #messages = 0;
  #bytes = 0;

  constructor(clock: MonotonicClock) {
    this.#clock = clock;
  }

  refusal(bytes: number): Refusal | undefined {
    const now = this.#clock.now();
    if (now - this.#since >= 1_000) {
      this.#since = now;
      this.#messages = 0;
      this.#bytes = 0;
    }
    this.#messages += 1;
    this.#bytes += bytes;
    if (this.#messages <= MOST_MESSAGES && this.#bytes <= MOST_BYTES) return undefined;
    const message = `more than ${MOST_MESSAGES} messages or ${MOST_BYTES} bytes in a second: this one was dropped, send larger ones or wait`;
    return { code: 'flood', message };
  }
}
