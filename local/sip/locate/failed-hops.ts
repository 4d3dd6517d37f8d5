/** ms a hop that has failed is asked last. */
const penalty = 30_000;
/** No Retry-After counts for longer, in seconds. */
const longestRetryAfter = 300;
const mostRemembered = 1_000;

interface Place {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
}

const key = ({ protocol, host, port }: Place): string => `${protocol} ${host} ${port}`;

/** Hops that did not answer, or answered 503: they are asked after all others for a while, or until they answer again. */
export class FailedHops {
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  /** `now` in ms */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** `retryAfter` in seconds, of a 503 (RFC 3261 §21.5.4) */
  failed(hop: Place, retryAfter?: number): void {
    const [oldest] = this.#until.keys();
    if (this.#until.size >= mostRemembered && oldest !== undefined) this.#until.delete(oldest);
    const wait = retryAfter === undefined ? penalty : Math.min(retryAfter, longestRetryAfter) * 1_000;
    this.#until.set(key(hop), this.#now() + wait);
  }

  worked(hop: Place): void {
    this.#until.delete(key(hop));
  }

  /** The same hops, those that have failed lately behind the others. */
  inOrder<T extends Place>(hops: readonly T[]): T[] {
    if (this.#until.size === 0) return [...hops];
    return [...hops.filter((hop) => !this.#down(hop)), ...hops.filter((hop) => this.#down(hop))];
  }

  #down(hop: Place): boolean {
    const until = this.#until.get(key(hop));
    if (until === undefined) return false;
    if (this.#now() < until) return true;
    this.#until.delete(key(hop));
    return false;
  }
}
