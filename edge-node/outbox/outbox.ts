import { mkdirSync } from 'node:fs';
import type { Logger } from 'pino';
import { sources } from '../../contracts/envelope.ts';
import type { TrunklineEvent } from '../../contracts/events.ts';
import type { BusEntry, Clock, EventBus, Outbox } from '../ports.ts';
import type { BackOff } from './back-off.ts';
import { Backlog, type Held } from './backlog.ts';
import { entryBytes, limits, type Parcel } from './batch.ts';
import { DiskQueue } from './disk-queue.ts';
import { Journal, type Place } from './journal.ts';
import { KeptJournal } from './kept-journal.ts';
import { lockDirectory } from './lock.ts';
import { type Refusal, refusedEvents } from './refused.ts';
import { roomOf } from './room.ts';
import { Sender } from './sender.ts';

export interface OutboxOptions {
  /** Belongs to this outbox alone; created where it does not exist. */
  readonly dir: string;
  readonly bus: EventBus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Limit of the journal on disk; default 1 GiB. docs/decisions/0061 says what happens there. */
  readonly maxBytes?: number;
  /** How long an event may wait for company, ms; default 20. */
  readonly batchEveryMs?: number;
  /** How long it may wait where the bus has just been called, ms; default 100. */
  readonly spacingMs?: number;
  /** Calls to the bus at one time; default 16. */
  readonly concurrency?: number;
  /** Between tries while the bus is away; default 50 ms doubling up to 5 s. */
  readonly backOff?: BackOff;
  /** Events held in memory before they wait on disk alone; default 10,000. */
  readonly memoryEvents?: number;
  /** Size of one journal file; default 1 MiB. */
  readonly segmentBytes?: number;
  /** How long disposing may go on sending, ms; default 3,000. The rest stays in the journal. */
  readonly flushMs?: number;
}

type EventParcel = Parcel & Held & { readonly place: Place | undefined };

/** Opens the journal in `dir`, sends what earlier lives left there, then whatever is recorded. */
export async function startOutbox(options: OutboxOptions): Promise<Outbox> {
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(options.dir);
  try {
    return new RunningOutbox(options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

const entryOf = (event: TrunklineEvent, detail: string): BusEntry => ({
  ...{ source: sources.edge, detailType: event.type, time: event.time, detail },
  callId: 'callId' in event ? event.callId : undefined,
});

class RunningOutbox implements Outbox {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: OutboxOptions;
  readonly #unlock: () => void;
  readonly #memoryEvents: number;
  readonly #kept: KeptJournal;
  readonly #disk: DiskQueue;
  readonly #sender: Sender;
  readonly #backlog = new Backlog();
  readonly #room: ReturnType<typeof roomOf>;
  readonly #refused: ReturnType<typeof refusedEvents>;
  #dropped = 0;
  #dropping = false;
  #closed = false;

  constructor(options: OutboxOptions, unlock: () => void) {
    const { dir, bus, clock, logger, maxBytes = 1024 ** 3 } = options;
    this.#options = options;
    this.#unlock = unlock;
    this.#clock = clock;
    this.#logger = logger;
    this.#memoryEvents = options.memoryEvents ?? 10_000;
    this.#room = roomOf(maxBytes);
    this.#refused = refusedEvents(dir, maxBytes / 10, clock.now, logger);
    const journal = new Journal(dir, options.segmentBytes ?? 1024 ** 2, logger);
    this.#kept = new KeptJournal(journal, clock, logger);
    this.#disk = new DiskQueue(journal, logger);
    this.#sender = new Sender({
      bus,
      clock,
      logger,
      batchEveryMs: options.batchEveryMs ?? 20,
      spacingMs: options.spacingMs ?? 100,
      concurrency: options.concurrency ?? 16,
      backOff: options.backOff ?? { firstMs: 50, capMs: 5_000 },
      settled: (parcel, refusal) => this.#settle(parcel as EventParcel, refusal),
    });
    const left = this.#disk.events;
    if (left > 0) logger.info({ dir, events: left }, 'sending the events that an earlier life left behind');
    this.#backlog.addOnDisk(left);
    this.#refill();
  }

  record(event: TrunklineEvent, urgent = false): void {
    const detail = JSON.stringify(event);
    const entry = entryOf(event, detail);
    const bytes = entryBytes(entry);
    if (bytes > limits.bytes) {
      const message = `the event has ${bytes} bytes, more than the ${limits.bytes} that the bus takes`;
      this.#refused.keep(detail, { code: 'EntrySizeExceeded', message });
      return;
    }
    if (!this.#admits(event)) return;
    const place = this.#kept.append(detail);
    if (place && this.#mustWaitOnDisk(urgent)) {
      this.#disk.leave(place);
      this.#backlog.addOnDisk(1);
      return;
    }
    // It overtakes those on disk: reading them back must not send it again.
    if (place && !this.#disk.empty) place.segment.skip(place.index);
    this.#hand(entry, bytes, place, { recordedAt: this.#clock.monotonic(), urgent });
  }

  settled(): Promise<void> {
    this.#sender.flush();
    return this.#backlog.settled();
  }

  backlog(): ReturnType<Outbox['backlog']> {
    const oldest = this.#backlog.oldest();
    return {
      depth: this.#backlog.depth,
      oldestMs: oldest ? Math.max(0, this.#clock.monotonic() - oldest.recordedAt) : 0,
      full: this.#kept.refused || this.#room.full(this.#kept.journal.bytes),
      dropped: this.#dropped,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    let cancel = () => {};
    const bound = new Promise<void>((resolve) => {
      cancel = this.#clock.after(this.#options.flushMs ?? 3_000, resolve);
    });
    await Promise.race([this.settled(), bound]);
    cancel();
    this.#closed = true;
    this.#sender.stop();
    const { depth } = this.#backlog;
    if (depth > 0) this.#logger.warn({ events: depth }, 'events stay in the journal for the next start');
    try {
      this.#kept.close();
    } finally {
      this.#unlock();
    }
  }

  #admits(event: TrunklineEvent): boolean {
    const unkept = this.#kept.refused && this.#sender.waiting >= this.#memoryEvents;
    if (!this.#closed && !unkept && this.#room.admits(event.type, this.#kept.journal.bytes)) {
      if (this.#dropping) this.#logger.warn({ dropped: this.#dropped }, 'there is room again in the journal');
      this.#dropping = false;
      return true;
    }
    this.#dropped += 1;
    if (!this.#dropping || this.#closed) {
      const reason = this.#closed ? 'the outbox is closed' : 'the journal is full';
      this.#logger.error({ type: event.type, id: event.id, reason }, 'an event is dropped');
    }
    this.#dropping = true;
    return false;
  }

  #mustWaitOnDisk(urgent: boolean): boolean {
    if (urgent && this.#sender.up) return false;
    return !this.#disk.empty || this.#sender.waiting >= this.#memoryEvents;
  }

  #hand(
    entry: BusEntry,
    bytes: number,
    place: Place | undefined,
    { recordedAt, urgent, readBack }: { recordedAt: number; urgent: boolean; readBack?: boolean },
  ): void {
    const generation = readBack ? 0 : this.#backlog.generation;
    const parcel: EventParcel = { entry, bytes, place, recordedAt, generation, tries: 0, alone: false };
    this.#backlog.add(parcel);
    this.#sender.push(parcel, urgent);
  }

  /** Brings events back from disk until memory has enough to do. */
  #refill(): void {
    while (!this.#disk.empty && this.#sender.waiting < this.#memoryEvents / 2) {
      const back = this.#disk.readBack();
      if (!back) return;
      for (const { index, text } of back.lines) {
        const event = JSON.parse(text) as TrunklineEvent;
        const entry = entryOf(event, text);
        const recordedAt = this.#clock.monotonic() - (this.#clock.now() - Date.parse(event.time));
        const place = { segment: back.segment, index };
        this.#hand(entry, entryBytes(entry), place, { recordedAt, urgent: false, readBack: true });
      }
      this.#backlog.removeOnDisk(back.events);
    }
  }

  #settle(parcel: EventParcel, refusal: Refusal | undefined): void {
    if (refusal) this.#refused.keep(parcel.entry.detail, refusal);
    this.#backlog.remove(parcel);
    if (this.#closed) return;
    if (parcel.place) this.#kept.acknowledge(parcel.place);
    if (!this.#disk.empty) this.#refill();
  }
}
