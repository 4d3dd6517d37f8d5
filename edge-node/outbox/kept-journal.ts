import type { Logger } from 'pino';
import type { Clock } from '../ports.ts';
import type { Journal, Place } from './journal.ts';

/** How often what was appended goes to the disk itself, and acknowledgements into the journal, ms. */
const syncEveryMs = 100;
const acknowledgeEveryMs = 250;
/** How often a disk that refused is tried again, ms. */
const tryDiskEveryMs = 1_000;

/** The journal with what has to happen to it in the background, and with a disk that may refuse. */
export class KeptJournal {
  readonly journal: Journal;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #timers = new Map<() => void, () => void>();
  #refused = false;

  constructor(journal: Journal, clock: Clock, logger: Logger) {
    this.journal = journal;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The disk takes nothing at the moment. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Undefined where the disk refuses: the event is then in memory alone. */
  append(detail: string): Place | undefined {
    try {
      const place = this.journal.append(detail);
      this.#diskWorks();
      this.#later(this.#sync, syncEveryMs);
      return place;
    } catch (error) {
      if (!this.#refused)
        this.#logger.error({ err: error }, 'the journal cannot be written: events are in memory only');
      this.#refused = true;
      this.#later(this.#tryDisk, tryDiskEveryMs);
      return undefined;
    }
  }

  acknowledge(place: Place): void {
    this.journal.acknowledge(place);
    this.#later(this.#acknowledge, acknowledgeEveryMs);
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.journal.close();
  }

  #diskWorks(): void {
    if (this.#refused) this.#logger.warn('the journal can be written again');
    this.#refused = false;
  }

  /** Without new calls there may be no event that would find out. */
  readonly #tryDisk = () => {
    if (!this.#refused) return;
    try {
      this.journal.tryDisk();
      this.#diskWorks();
    } catch {
      this.#later(this.#tryDisk, tryDiskEveryMs);
    }
  };

  readonly #sync = () => {
    this.journal.sync((error) => this.#logger.error({ err: error }, 'the journal is not safe on the disk'));
    // Still dirty: the sync before is not done yet, so this one did not begin.
    if (this.journal.dirty) this.#later(this.#sync, syncEveryMs);
  };

  readonly #acknowledge = () => {
    try {
      this.journal.writeAcknowledgements();
    } catch (error) {
      this.#logger.error({ err: error }, 'acknowledgements cannot be written: events may be sent again');
    }
  };

  /** Runs `task` once after `ms`, however often it is asked for meanwhile: no timer per event. */
  #later(task: () => void, ms: number): void {
    if (this.#timers.has(task)) return;
    const run = () => {
      this.#timers.delete(task);
      task();
    };
    this.#timers.set(task, this.#clock.after(ms, run));
  }
}
