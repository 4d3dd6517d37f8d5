import type { AgentHappening, AgentSessionEvent } from '../contracts/agent-media/session.ts';
import type { MonotonicClock } from './ports.ts';

/** Happenings of one session that are kept for whoever asks later. */
const MOST = 1_000;

/** What happened in one session, numbered from 1; the oldest are forgotten. */
export class Happenings {
  readonly #clock: MonotonicClock;
  readonly #began: number;
  readonly #kept: AgentSessionEvent[] = [];
  readonly #listeners = new Set<(event: AgentSessionEvent) => void>();
  #n = 0;
  /** Since when nobody listens who should. */
  #aloneSince: number | undefined;

  constructor(clock: MonotonicClock) {
    this.#clock = clock;
    this.#began = clock.now();
  }

  add(happening: AgentHappening): void {
    this.#n += 1;
    const event = { n: this.#n, atMs: Math.round(this.#clock.now() - this.#began), ...happening };
    this.#kept.push(event);
    if (this.#kept.length > MOST) this.#kept.shift();
    for (const listener of this.#listeners) listener(event);
  }

  /** All after number `after`, and those that come; the returned function ends it. */
  follow(after: number, listener: (event: AgentSessionEvent) => void): () => void {
    for (const event of this.#kept) if (event.n > after) listener(event);
    this.#listeners.add(listener);
    this.#aloneSince = undefined;
    return () => {
      this.#listeners.delete(listener);
      this.expectFollower();
    };
  }

  /** From now on somebody is to listen. */
  expectFollower(): void {
    if (this.#listeners.size === 0) this.#aloneSince = this.#clock.now();
  }

  /** For how long nobody has, ms. */
  aloneMs(): number {
    return this.#aloneSince === undefined ? 0 : this.#clock.now() - this.#aloneSince;
  }
}
