/** An event that is recorded and not yet on the bus. */
export interface Held {
  /** On the monotonic clock, ms. */
  readonly recordedAt: number;
  /** 0 for one that came back from disk. */
  readonly generation: number;
}

/** Counts what is not yet on the bus: in memory, and on disk only. */
export class Backlog {
  readonly #inMemory = new Set<Held>();
  #onDisk = 0;
  /** Raised with each {@link settled}, which waits for its own generation and all before it. */
  #generation = 1;
  readonly #perGeneration = new Map<number, number>();
  #waiters: { readonly upTo: number; readonly resolve: () => void }[] = [];

  get depth(): number {
    return this.#inMemory.size + this.#onDisk;
  }

  get generation(): number {
    return this.#generation;
  }

  add(held: Held): void {
    this.#inMemory.add(held);
    this.#count(held.generation, 1);
  }

  remove(held: Held): void {
    if (!this.#inMemory.delete(held)) return;
    this.#count(held.generation, -1);
    this.#wake();
  }

  addOnDisk(events: number): void {
    this.#onDisk += events;
    this.#count(0, events);
  }

  removeOnDisk(events: number): void {
    this.#onDisk -= events;
    this.#count(0, -events);
    this.#wake();
  }

  /** What is read back from disk is older than anything recorded since, and is read back first. */
  oldest(): Held | undefined {
    return this.#inMemory.values().next().value;
  }

  /** Events on disk only have no generation any more, so everybody who waits also waits for those. */
  settled(): Promise<void> {
    const upTo = this.#generation;
    this.#generation += 1;
    return new Promise((resolve) => {
      this.#waiters.push({ upTo, resolve });
      this.#wake();
    });
  }

  #count(generation: number, by: number): void {
    const count = (this.#perGeneration.get(generation) ?? 0) + by;
    if (count === 0) this.#perGeneration.delete(generation);
    else this.#perGeneration.set(generation, count);
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const first = Math.min(...this.#perGeneration.keys());
    for (const { upTo, resolve } of this.#waiters) if (upTo < first) resolve();
    this.#waiters = this.#waiters.filter(({ upTo }) => upTo >= first);
  }
}
