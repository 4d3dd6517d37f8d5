const STEP_MS = 0.25;
const STEPS = 400;

/** Frames of one span: 10 s. */
const SPAN = 500;

interface Span {
  readonly counts: Uint32Array;
  frames: number;
  max: number;
}

const aSpan = (): Span => ({ counts: new Uint32Array(STEPS), frames: 0, max: 0 });

/** How late frames of the last ten to twenty seconds were sent, without keeping each: counts by quarters of a millisecond, up to 100 ms. */
export class Pacing {
  #now = aSpan();
  #before = aSpan();

  add(lateMs: number): void {
    if (this.#now.frames >= SPAN) {
      this.#before = this.#now;
      this.#now = aSpan();
    }
    const step = Math.min(STEPS - 1, Math.max(0, Math.floor(lateMs / STEP_MS)));
    this.#now.counts[step] = (this.#now.counts[step] ?? 0) + 1;
    this.#now.frames += 1;
    this.#now.max = Math.max(this.#now.max, lateMs);
  }

  read(): { readonly p50: number; readonly p99: number; readonly max: number } {
    return { p50: this.#at(0.5), p99: this.#at(0.99), max: Math.max(this.#now.max, this.#before.max) };
  }

  /** Upper end of the step. */
  #at(share: number): number {
    const wanted = share * (this.#now.frames + this.#before.frames);
    let seen = 0;
    for (const [step, count] of this.#now.counts.entries()) {
      seen += count + (this.#before.counts[step] ?? 0);
      if (seen > 0 && seen >= wanted) return (step + 1) * STEP_MS;
    }
    return 0;
  }
}
