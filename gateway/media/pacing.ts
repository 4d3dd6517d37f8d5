const STEP_MS = 0.25;
const STEPS = 400;

/** How late frames were sent, without keeping each: counts in steps of a quarter of a millisecond, up to 100 ms. */
export class Pacing {
  readonly #counts = new Uint32Array(STEPS);
  #max = 0;
  #frames = 0;

  add(lateMs: number): void {
    const step = Math.min(STEPS - 1, Math.max(0, Math.floor(lateMs / STEP_MS)));
    this.#counts[step] = (this.#counts[step] ?? 0) + 1;
    this.#frames += 1;
    this.#max = Math.max(this.#max, lateMs);
  }

  read(): { readonly p50: number; readonly p99: number; readonly max: number } {
    return { p50: this.#at(0.5), p99: this.#at(0.99), max: this.#max };
  }

  /** Upper end of the step. */
  #at(share: number): number {
    let seen = 0;
    for (const [step, count] of this.#counts.entries()) {
      seen += count;
      if (seen > 0 && seen >= share * this.#frames) return (step + 1) * STEP_MS;
    }
    return 0;
  }
}
