import pDefer from 'p-defer';
import type { BusEntry, EntryOutcome, EventBus } from '../../../edge-node/ports.ts';

type Answer = (entry: BusEntry, batch: readonly BusEntry[]) => EntryOutcome | undefined;

/** A bus in the hand of the test: it can be away, fail entry by entry, and hold its answers back. */
export class MemoryBus implements EventBus {
  readonly calls: (readonly BusEntry[])[] = [];
  readonly taken: BusEntry[] = [];
  /** Thrown by every call while set. */
  away: Error | undefined;
  /** What becomes of an entry; undefined takes it. */
  answer: Answer = () => undefined;
  #held: Promise<void> | undefined;

  async put(entries: readonly BusEntry[]): Promise<readonly EntryOutcome[]> {
    this.calls.push(entries);
    await this.#held;
    if (this.away) throw this.away;
    return entries.map((entry) => {
      const outcome = this.answer(entry, entries) ?? { ok: true };
      if (outcome.ok) this.taken.push(entry);
      return outcome;
    });
  }

  /** No call is answered until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = pDefer<void>();
    this.#held = promise;
    return () => {
      this.#held = undefined;
      resolve();
    };
  }

  ids(): string[] {
    return this.taken.map(({ detail }) => (JSON.parse(detail) as { id: string }).id);
  }
}
