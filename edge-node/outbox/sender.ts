import type { Logger } from 'pino';
import type { Clock, EntryOutcome, EventBus } from '../ports.ts';
import { type BackOff, delayBefore } from './back-off.ts';
import { limits, type Parcel, ParcelQueue } from './batch.ts';
import type { Refusal } from './refused.ts';

export interface SenderParts {
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly batchEveryMs: number;
  /** Between a call to the bus and the next small batch, ms: on a busy edge urgent events take the others along. */
  readonly spacingMs: number;
  /** Calls to the bus at one time; urgent events have as many again for themselves. */
  readonly concurrency: number;
  readonly backOff: BackOff;
  /** The parcel is on the bus, or refused for good. */
  readonly settled: (parcel: Parcel, refusal?: Refusal) => void;
}

/** The entry itself is at fault; sending it again cannot help. Anything else is worth another try. */
const faultOfTheEntry = new Set([
  'ValidationException',
  'SerializationException',
  'InvalidArgument',
  'InvalidArgumentException',
  'MalformedDetail',
  'EntrySizeExceeded',
  'RequestEntityTooLargeException',
]);

const unanswered: EntryOutcome = { ok: false, code: 'NoOutcome', message: 'the bus said nothing about it' };

/** Brings parcels to the bus: ordering is kept roughly, delivery at least once, and nothing waits behind a bad entry. */
export class Sender {
  readonly #parts: SenderParts;
  readonly #queue = new ParcelQueue();
  #sending = 0;
  #sendingUrgent = 0;
  #cancelTick: (() => void) | undefined;
  /** Set while the bus cannot be reached. */
  #away: { attempt: number; since: number; cancel: () => void } | undefined;
  #stopped = false;
  /** When the bus was last called, on the monotonic clock. */
  #calledAt = Number.NEGATIVE_INFINITY;
  readonly #resting = new Set<() => void>();

  constructor(parts: SenderParts) {
    this.#parts = parts;
  }

  /** Parcels that no call to the bus carries at the moment. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** False while the bus cannot be reached. */
  get up(): boolean {
    return this.#away === undefined;
  }

  push(parcel: Parcel, urgent: boolean): void {
    if (urgent && !this.#away && this.#sendingUrgent < this.#parts.concurrency) {
      // It leaves now anyway, so what waits rides along: a call saved, nobody delayed.
      void this.#send(this.#queue.take([parcel]), true);
      return;
    }
    if (urgent && !this.#away) this.#queue.putBack([parcel]);
    else this.#queue.push(parcel);
    if (this.#queue.length >= limits.entries) this.#pump(limits.entries);
    if (this.#queue.length > 0) this.#tickLater();
  }

  /** Sends what waits now, also where that makes a small batch or the bus was away. */
  flush(): void {
    if (this.#away) this.#probe();
    else this.#pump(1);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTick?.();
    this.#away?.cancel();
    for (const cancel of this.#resting) cancel();
  }

  #tickLater(): void {
    if (this.#cancelTick || this.#away || this.#stopped) return;
    this.#cancelTick = this.#parts.clock.after(
      Math.max(this.#parts.batchEveryMs, this.#spacingLeft()),
      () => {
        this.#cancelTick = undefined;
        if (this.#spacingLeft() <= 0) this.#pump(1);
        else if (this.#queue.length > 0) this.#tickLater();
      },
    );
  }

  #spacingLeft(): number {
    return this.#calledAt + this.#parts.spacingMs - this.#parts.clock.monotonic();
  }

  #pump(atLeast: number): void {
    while (
      !this.#away &&
      !this.#stopped &&
      this.#sending < this.#parts.concurrency &&
      this.#queue.length >= atLeast
    ) {
      void this.#send(this.#queue.take(), false);
    }
  }

  async #send(batch: readonly Parcel[], urgent: boolean): Promise<void> {
    if (batch.length === 0) return;
    const count = (by: number) => {
      if (urgent) this.#sendingUrgent += by;
      else this.#sending += by;
    };
    count(1);
    this.#calledAt = this.#parts.clock.monotonic();
    try {
      const outcomes = await this.#parts.bus.put(batch.map(({ entry }) => entry));
      this.#sort(batch, outcomes);
    } catch (error) {
      this.#goAway(batch, error);
    } finally {
      count(-1);
      this.#pump(limits.entries);
      if (this.#queue.length > 0) this.#tickLater();
    }
  }

  #sort(batch: readonly Parcel[], outcomes: readonly EntryOutcome[]): void {
    const failed: Parcel[] = [];
    const suspects: Parcel[] = [];
    for (const [index, parcel] of batch.entries()) {
      const outcome = outcomes[index] ?? unanswered;
      if (outcome.ok) this.#parts.settled(parcel);
      else if (!faultOfTheEntry.has(outcome.code)) failed.push(parcel);
      else if (batch.length === 1) this.#parts.settled(parcel, outcome);
      else suspects.push(parcel);
    }
    for (const suspect of suspects) suspect.alone = true;
    this.#queue.putBack(suspects);
    // The bus answers but takes nothing: throttled or broken. A lone entry may be at fault itself.
    if (failed.length === batch.length && (batch.length > 1 || this.#away)) {
      const first = outcomes[0] ?? unanswered;
      this.#goAway(batch, first.ok ? unanswered : first);
      return;
    }
    this.#comeBack();
    this.#rest(failed);
  }

  /** Failed entries of an otherwise good call: they alone wait before they are sent again. */
  #rest(failed: Parcel[]): void {
    if (failed.length === 0) return;
    for (const parcel of failed) parcel.tries += 1;
    const tries = Math.max(...failed.map((parcel) => parcel.tries));
    const cancel = this.#parts.clock.after(delayBefore(tries, this.#parts.backOff), () => {
      this.#resting.delete(cancel);
      this.#queue.putBack(failed);
      this.#tickLater();
    });
    this.#resting.add(cancel);
  }

  #goAway(batch: readonly Parcel[], reason: unknown): void {
    this.#queue.putBack(batch);
    if (this.#stopped) return;
    const { clock, logger, backOff } = this.#parts;
    if (!this.#away) {
      logger.error({ err: reason }, 'the event bus cannot be reached: events wait in the journal');
      this.#away = { attempt: 0, since: clock.monotonic(), cancel: () => undefined };
    } else if (this.#away.attempt > 0 && this.#sending + this.#sendingUrgent > 1) {
      return; // A call from before the outage; the probe decides.
    }
    const away = this.#away;
    away.attempt += 1;
    away.cancel();
    away.cancel = clock.after(delayBefore(away.attempt, backOff), () => this.#probe());
  }

  #probe(): void {
    this.#away?.cancel();
    if (!this.#stopped) void this.#send(this.#queue.take(), false);
  }

  #comeBack(): void {
    if (!this.#away) return;
    this.#away.cancel();
    const awayMs = Math.round(this.#parts.clock.monotonic() - this.#away.since);
    this.#away = undefined;
    this.#parts.logger.info({ awayMs, waiting: this.#queue.length }, 'the event bus is back');
    this.#pump(1);
  }
}
