import type { Logger } from 'pino';
import type { TrunkLimits } from '../../../contracts/config.ts';
import {
  type CapUsed,
  capsUsed,
  nothingUsed,
  perMinute,
  shareUsed,
  strainsOf,
  type Usage,
  use,
} from '../../../core/spend.ts';
import type { Narrator } from '../../narrator.ts';
import type { Clock, RoutingSnapshot } from '../../ports.ts';
import type { KeptSpend, SpendStore } from './spend-file.ts';

export interface SpendBookParts {
  readonly store: SpendStore;
  readonly snapshot: Pick<RoutingSnapshot, 'current'>;
  readonly narrator: Pick<Narrator, 'say'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A call out that costs. */
export interface CostingCall {
  readonly trunk: string;
  readonly called: string;
  /** Monotonic, ms: counted so far. */
  countedAt: number;
}

interface Account {
  usage: Usage;
  readonly said: Set<string>;
}

/** What calls out over each trunk have come to, said where it is much, and kept. */
export class SpendBook {
  readonly #parts: SpendBookParts;
  readonly #accounts: Map<string, Account>;
  readonly keep: () => Promise<void>;

  constructor(parts: SpendBookParts, kept: ReadonlyMap<string, KeptSpend>) {
    this.#parts = parts;
    this.#accounts = accountsFrom(kept);
    this.keep = keepNow(parts.store, () => keptOf(this.#accounts, parts.snapshot.current()?.config.trunks));
  }

  limitsOf(trunk: string): TrunkLimits | undefined {
    return this.#parts.snapshot.current()?.config.trunks[trunk]?.limits;
  }

  /** Adds what a call has cost since it was counted last. */
  count(call: CostingCall): void {
    const { clock } = this.#parts;
    const now = clock.monotonic();
    const minutes = (now - call.countedAt) / 60_000;
    call.countedAt = now;
    const price = perMinute(call.called, this.limitsOf(call.trunk)?.rates);
    this.#use(call.trunk, minutes, minutes * price);
  }

  /** Caps of a trunk that are near or reached; what is new is said. */
  strains(trunk: string): readonly CapUsed[] {
    const limits = this.limitsOf(trunk);
    if (!limits?.minutes && !limits?.spend) return [];
    const account = this.#use(trunk, 0, 0);
    const found = strainsOf(account.usage, limits);
    tell(trunk, account, found, this.#parts);
    return found;
  }

  caps(trunk: string): readonly CapUsed[] {
    const limits = this.limitsOf(trunk);
    return limits ? capsUsed(this.#use(trunk, 0, 0).usage, limits) : [];
  }

  /** Share of the cap that is used most; 0 without caps. */
  share(trunk: string): number {
    const limits = this.limitsOf(trunk);
    return limits?.minutes || limits?.spend ? shareUsed(this.#use(trunk, 0, 0).usage, limits) : 0;
  }

  #use(trunk: string, minutes: number, money: number): Account {
    const account = this.#accounts.get(trunk) ?? { usage: nothingUsed, said: new Set() };
    account.usage = use(account.usage, this.#parts.clock.now(), minutes, money);
    this.#accounts.set(trunk, account);
    return account;
  }
}

/** Each cap is told twice in its hour or day at most: when a great part is used, and when it is reached. */
function tell(
  trunk: string,
  { said, usage }: Account,
  strains: readonly CapUsed[],
  { narrator, logger }: SpendBookParts,
): void {
  const current = new Set<string>();
  for (const strain of strains) {
    const place = `${strain.unit} ${strain.period} ${usage[strain.period].since}`;
    const key = `${place} ${strain.refusing ? 'reached' : 'near'}`;
    current.add(key).add(`${place} near`);
    if (said.has(key)) continue;
    said.add(key);
    const message = strain.refusing
      ? 'calls out over a trunk have reached a cap: no more of them for now'
      : 'calls out over a trunk near a cap';
    logger.warn({ trunk, ...strain }, message);
    narrator.say('trunk.spend-alarm', { trunk, ...strain });
  }
  for (const key of said) if (!current.has(key)) said.delete(key);
}

const accountsFrom = (kept: ReadonlyMap<string, KeptSpend>) =>
  new Map<string, Account>(
    [...kept].map(([trunk, { usage, said }]) => [trunk, { usage, said: new Set(said) }]),
  );

/** Of trunks that are gone from the configuration nothing is kept. */
function keptOf(
  accounts: ReadonlyMap<string, Account>,
  trunks: Readonly<Record<string, unknown>> = {},
): ReadonlyMap<string, KeptSpend> {
  const there = [...accounts].filter(([trunk]) => Object.hasOwn(trunks, trunk));
  return new Map(there.map(([trunk, { usage, said }]) => [trunk, { usage, said: [...said] }]));
}

/** One write at a time; what changes meanwhile is written after it, once. */
function keepNow(store: SpendStore, state: () => ReadonlyMap<string, KeptSpend>): () => Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  return () => {
    waiting ??= writing.then(() => {
      waiting = undefined;
      writing = store.save(state());
      return writing;
    });
    return waiting;
  };
}
