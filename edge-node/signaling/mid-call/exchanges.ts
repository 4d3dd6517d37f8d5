/** More than these waiting behind one another are a flood. */
const MOST_WAITING = 8;

/**
 * The offer/answer exchanges of one call, whoever begins them: one at a time, in the order in which they came
 * (RFC 3264 §4). Each must settle by itself.
 */
export class Exchanges {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Undefined where too many wait already. */
  run<T>(exchange: () => Promise<T>): Promise<T> | undefined {
    if (this.#waiting >= MOST_WAITING) return undefined;
    this.#waiting += 1;
    const mine = this.#last.then(exchange);
    this.#last = mine
      .catch(() => undefined)
      .then(() => {
        this.#waiting -= 1;
      });
    return mine;
  }
}
