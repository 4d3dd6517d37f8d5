import type { Logger } from 'pino';
import type { EdgeRef } from '../../../contracts/envelope.ts';
import { type RegistrationRow, tables } from '../../../contracts/tables.ts';
import type { Clock, RegistrationsTable } from '../../ports.ts';
import type { Binding } from './bindings.ts';

/** Tells the other edges who is registered with this one. Nobody who registers waits for it. */
export interface PublishedBindings extends Disposable {
  keep(binding: Binding, expiresSeconds: number): void;
  drop(binding: Binding): void;
  /** Resolves once all of it was tried. */
  settled(): Promise<void>;
}

export interface PublishedBindingsParts {
  readonly table: Pick<RegistrationsTable, 'put' | 'remove'>;
  readonly edge: EdgeRef;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Write = () => Promise<void>;

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
const AT_ONCE = 10;
/** DynamoDB may delete a row so long after it has expired, s: nobody reads it then. */
const KEPT_SECONDS = 60;

/** Of each contact the last word counts: while the table is away no more waits than there are contacts. */
export function publishBindings(parts: PublishedBindingsParts): PublishedBindings {
  const { table, edge, clock } = parts;
  const writer = new LastWords(parts);
  let revision = 0;
  const placeOf = ({ trunk, user, contact }: Binding) => {
    revision += 1;
    const { user: keyOfUser, place } = tables.registrations;
    return {
      ...{ user: keyOfUser(trunk, user), place: place(edge.id, contact) },
      ...{ epoch: edge.epoch, revision },
    };
  };
  return {
    keep(binding, expiresSeconds) {
      const key = placeOf(binding);
      const expiresAt = clock.now() + expiresSeconds * 1_000;
      const row: RegistrationRow = {
        ...key,
        ...{ trunk: binding.trunk, name: binding.user, contact: binding.contact, q: binding.q },
        ...{ source: binding.flow, pass: binding.pass, edgeId: edge.id, expiresAt },
        ttl: Math.ceil(expiresAt / 1_000) + KEPT_SECONDS,
      };
      writer.say(`${key.user} ${key.place}`, () => table.put(row));
    },
    drop(binding) {
      const key = placeOf(binding);
      writer.say(`${key.user} ${key.place}`, () => table.remove(key));
    },
    settled: () => writer.settled(),
    [Symbol.dispose]: () => writer[Symbol.dispose](),
  };
}

/** Writes what was said last under each key, one batch after the other, again where it fails. */
class LastWords implements Disposable {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #waiting = new Map<string, Write>();
  #writing: Promise<void> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #stop: (() => void) | undefined;
  #isOver = false;

  constructor({ clock, logger }: Pick<PublishedBindingsParts, 'clock' | 'logger'>) {
    this.#clock = clock;
    this.#logger = logger;
  }

  say(key: string, write: Write): void {
    this.#waiting.set(key, write);
    if (this.#stop === undefined) this.#begin();
  }

  async settled(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  [Symbol.dispose]() {
    this.#isOver = true;
    this.#stop?.();
  }

  #begin(): void {
    this.#stop = undefined;
    if (this.#waiting.size > 0) this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    try {
      await this.#writeBatches();
    } finally {
      this.#writing = undefined;
    }
    // What was said since the last batch was empty.
    if (this.#stop === undefined && !this.#isOver) this.#begin();
  }

  async #writeBatches(): Promise<void> {
    while (this.#waiting.size > 0 && !this.#isOver) {
      const batch = [...this.#waiting].slice(0, AT_ONCE);
      for (const [key] of batch) this.#waiting.delete(key);
      const failures = (await Promise.all(batch.map((each) => this.#write(each)))).filter(Boolean);
      if (failures.length > 0) return this.#later(String(failures[0]));
      this.#retryMs = FIRST_RETRY_MS;
    }
  }

  /** What failed; what was said meanwhile under this key stands. */
  async #write([key, write]: readonly [string, Write]): Promise<string | undefined> {
    try {
      await write();
      return undefined;
    } catch (error) {
      if (!this.#waiting.has(key)) this.#waiting.set(key, write);
      return error instanceof Error ? error.message : String(error);
    }
  }

  #later(reason: string): void {
    if (this.#isOver) return;
    const waiting = this.#waiting.size;
    this.#logger.warn({ reason, waiting }, 'other edges do not learn who is registered here');
    this.#stop = this.#clock.after(this.#retryMs, () => this.#begin());
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
  }
}
