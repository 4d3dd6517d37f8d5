/** Bounds, ms. Neighbours that are swapped are 20 ms apart, and are looked for every 20 ms. */
const LEAST = 40;
const MOST = 200;

/** Until the network is known, ms. */
const FIRST = 60;

/** Jitter is a mean deviation: four times as much is rare. */
const DEVIATIONS = 4;

/** By packet: what came late once counts half as much 10 s later. */
const FORGETTING = 0.5 ** (1 / 500);

/** How long a packet that is missing is waited for: as long as the jitter, and those that lately came too late, make worth while. */
export class Depth {
  #jitterMs = 0;
  #lateMs = FIRST;

  get ms(): number {
    return Math.min(MOST, Math.max(LEAST, this.#lateMs, this.#jitterMs * DEVIATIONS));
  }

  /** One came, and the jitter is this now. */
  packet(jitterMs: number): void {
    this.#jitterMs = jitterMs;
    this.#lateMs *= FORGETTING;
  }

  /** One came so long after it was missed, when its place was filled already. */
  late(afterMs: number): void {
    this.#lateMs = Math.min(MOST, Math.max(this.#lateMs, afterMs + 20));
  }
}
