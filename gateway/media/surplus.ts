/**
 * By how much a stream is longer than the time it has taken, counted from the moment at which it was shortest: what comes in a heap
 * after silence has stood in for it. A sender whose clock stood meanwhile makes no stream longer.
 */
export class Surplus {
  /** When a stream without surplus would have begun, ms. */
  #began: number | undefined;
  #passedMs = 0;

  ms(nowMs: number): number {
    this.#began ??= nowMs;
    return this.#began + this.#passedMs - nowMs;
  }

  passed(ms: number): void {
    this.#passedMs += ms;
  }

  /** Nothing more comes in this moment: if it is too short now, it was never longer. */
  settle(nowMs: number): void {
    if (this.ms(nowMs) < 0) this.#began = nowMs - this.#passedMs;
  }
}
