/** First pause before a socket is opened anew, ms; twice as long each time, up to the longest. */
const PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;

/** A socket that was well for so long was no failed attempt: what breaks afterwards counts from the beginning, ms. */
const WELL_MS = 10_000;

/** How often the socket of one call may still be opened anew. An agent that accepts each call and drops it uses them up. */
export class Reconnects {
  readonly #most: number;
  #used = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** The number of the next attempt from 1; undefined: there is none left. */
  next(): number | undefined {
    if (this.#used >= this.#most) return undefined;
    this.#used += 1;
    return this.#used;
  }

  /** ms before the attempt of this number. `chance`, from 0 to 1, keeps the calls of an agent that was restarted apart. */
  pauseBefore = (attempt: number, chance: number): number =>
    Math.min(PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS) * (0.5 + chance);

  /** A socket has gone that was well for so long. */
  lived(ms: number): void {
    if (ms >= WELL_MS) this.#used = 0;
  }
}
