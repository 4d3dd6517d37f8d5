import type { CapUsed } from '../../../core/spend.ts';
import { createNumberCaps } from './number-caps.ts';
import { type CostingCall, SpendBook, type SpendBookParts } from './spend-book.ts';
import type { KeptSpend } from './spend-file.ts';

/** A call out over a trunk. */
interface CallOut {
  readonly trunk: string;
  readonly caller: string;
  readonly called: string;
}

/** A call that may go out. `answered`: from now on it costs. `release`: it is over; a second time is harmless. */
export interface Permit {
  answered(): void;
  release(): void;
}

interface Refused {
  readonly refused: 'spend-limit' | 'trunk-limit';
  readonly detail: string;
}

/** What calls out cost on this edge, by guess. */
export interface Spending extends AsyncDisposable {
  take(call: CallOut): Permit | Refused;
  /** Share of the trunk's cap that is used most, 1 where it is reached; 0 without caps. */
  share(trunk: string): number;
  /** Every cap of the trunk. */
  caps(trunk: string): readonly CapUsed[];
}

/** How often running calls are counted and the count is kept, ms: so much of them is forgotten when the edge is killed. */
const COUNT_EVERY_MS = 5_000;
/** A new call looks at a count that is at most so old, ms: with thousands of calls up each count takes its time. */
const FRESH_MS = 1_000;

export const openSpending = async (parts: SpendBookParts): Promise<Spending> =>
  createSpending(parts, await parts.store.load());

/** `kept`: of an earlier process. */
export function createSpending(parts: SpendBookParts, kept: ReadonlyMap<string, KeptSpend>): Spending {
  const { clock } = parts;
  const numbers = createNumberCaps(clock);
  const book = new SpendBook(parts, kept);
  const running = new Set<CostingCall>();
  let stop: (() => void) | undefined;
  let countedAt = Number.NEGATIVE_INFINITY;

  const countAll = () => {
    countedAt = clock.monotonic();
    for (const call of running) book.count(call);
    for (const trunk of new Set([...running].map((call) => call.trunk))) book.strains(trunk);
  };
  const watch = () => {
    stop ??= clock.after(COUNT_EVERY_MS, () => {
      stop = undefined;
      countAll();
      void book.keep();
      if (running.size > 0) watch();
    });
  };
  const begin = (call: CallOut) => {
    const costing = { ...call, countedAt: clock.monotonic() };
    running.add(costing);
    watch();
    return costing;
  };
  const end = (call: CostingCall) => {
    if (!running.delete(call)) return;
    book.count(call);
    book.strains(call.trunk);
    void book.keep();
  };

  return {
    take(call) {
      if (clock.monotonic() - countedAt >= FRESH_MS) countAll();
      const reached = book.strains(call.trunk).find(({ refusing }) => refusing);
      if (reached) return { refused: 'spend-limit', detail: inWords(call.trunk, reached) };
      const { perNumber, minutes, spend } = book.limitsOf(call.trunk) ?? {};
      const keys = [`${call.trunk} from ${call.caller}`, `${call.trunk} to ${call.called}`];
      const given = perNumber ? numbers.take(keys, perNumber) : () => {};
      if (typeof given === 'string') return tooMany(call.trunk, given);
      const costs = minutes !== undefined || spend !== undefined;
      let costing: CostingCall | undefined;
      return {
        answered() {
          if (costs) costing ??= begin(call);
        },
        release() {
          given();
          if (costing) end(costing);
        },
      };
    },
    share: (trunk) => book.share(trunk),
    caps: (trunk) => book.caps(trunk),
    async [Symbol.asyncDispose]() {
      stop?.();
      countAll();
      await book.keep();
    },
  };
}

function inWords(trunk: string, { used, cap, unit, currency, period }: CapUsed): string {
  const amount = unit === 'money' ? currency : 'minutes';
  return `trunk "${trunk}": calls out have come to ${used} of ${cap} ${amount} of this ${period}`;
}

const tooMany = (trunk: string, key: string): Refused => ({
  refused: 'trunk-limit',
  detail: `trunk "${trunk}": calls ${key.slice(trunk.length + 1)} are at their limit`,
});
