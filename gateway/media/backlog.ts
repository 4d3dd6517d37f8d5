/** Beats of a span, 0.5 s, and spans that are looked back on: 2 s. */
const SPAN = 25;
const SPANS = 4;
const FRAME_MS = 20;
const SPAN_MS = SPAN * FRAME_MS;

/** How far the audio of a span may be off its time, in pieces of up to 200 ms, for the agent to stream in real time. */
const TOLERANCE_MS = 200;

/** What may wait without being too much, ms: what the network between agent and gateway may take. */
const TARGET_MS = 60;

interface Span {
  arrivedMs: number;
  /** The least that waited at any moment. */
  leastMs: number;
}

const aSpan = (): Span => ({ arrivedMs: 0, leastMs: Number.POSITIVE_INFINITY });

/**
 * Tells delay from supply. An agent that streams as time goes by, and of whose audio some always waits, has stood once, or its
 * clock is fast: what was never needed in two seconds is delay. One that sends faster than it is played has sent what it has.
 */
export class Backlog {
  #now = aSpan();
  #beats = 0;
  #spans: Span[] = [];
  #excessMs = 0;

  arrived(ms: number): void {
    this.#now.arrivedMs += ms;
  }

  /** Every 20 ms. */
  beat(queuedMs: number): void {
    this.#now.leastMs = Math.min(this.#now.leastMs, queuedMs);
    this.#beats += 1;
    if (this.#beats < SPAN) return;
    this.#spans = [...this.#spans, this.#now].slice(-SPANS);
    this.#now = aSpan();
    this.#beats = 0;
    const streams = this.#spans.every(({ arrivedMs }) => Math.abs(arrivedMs - SPAN_MS) <= TOLERANCE_MS);
    const least = Math.min(...this.#spans.map(({ leastMs }) => leastMs));
    this.#excessMs = streams && this.#spans.length === SPANS ? least - TARGET_MS : 0;
  }

  /** A frame less would not be missed. */
  get isTooLong(): boolean {
    return this.#excessMs >= FRAME_MS;
  }

  /** A frame of what waits was left out. */
  leftOut(): void {
    this.#excessMs -= FRAME_MS;
    for (const span of [...this.#spans, this.#now]) span.leastMs -= FRAME_MS;
  }

  /** What waited is gone. */
  clear(): void {
    this.#spans = [];
    this.#excessMs = 0;
  }
}
