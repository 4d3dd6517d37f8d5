import type { Logger } from 'pino';
import type { KnownNames, Naptr, Question, Service } from '../../../core/find-servers.ts';
import type { Clock, Dns, DnsAnswer } from '../../ports.ts';

/** What DNS has said, kept as long as it holds. */
export interface NameCache extends KnownNames {
  /** Resolves when the question has an answer, at worst that there is none; never rejects. */
  ask(question: Question): Promise<void>;
}

type Record = Naptr | Service | string;

interface Entry {
  records: readonly Record[];
  /** As `records` are fit to use until, ms of the monotonic clock. */
  until: number;
  /** When DNS said so; undefined where it never said anything. */
  heardAt?: number;
  asking?: Promise<void>;
}

/** A TTL of 0 still serves all calls of one moment; a TTL of a week does not keep a carrier's move from us. */
const TTL_MS = { least: 1_000, most: 3_600_000 };
/** How long a call waits for DNS where an old answer is at hand (RFC 8767 §5). */
const PATIENCE_MS = 500;
/** While DNS is away it is asked anew so often, and what it said before holds. */
const AWAY_MS = 5_000;
/** Longest time after which an old answer is still better than none (RFC 8767 §5: one to three days). */
const STALE_MS = 86_400_000;
const MOST_NAMES = 2_000;

export interface NameParts {
  readonly dns: Dns;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Answers of DNS by their TTL. While DNS does not answer, an expired answer is used: a dead DNS server costs no call. */
export function keepNames({ dns, clock, logger }: NameParts): NameCache {
  const entries = new Map<string, Entry>();
  const know = (type: Question['type'], name: string) => {
    const entry = entries.get(`${type} ${name}`);
    return entry && clock.monotonic() < entry.until ? entry.records : undefined;
  };
  const entryOf = (key: string): Entry => {
    const known = entries.get(key);
    if (known) return known;
    const [oldest] = entries.keys();
    if (entries.size >= MOST_NAMES && oldest !== undefined) entries.delete(oldest);
    const fresh: Entry = { records: [], until: Number.NEGATIVE_INFINITY };
    entries.set(key, fresh);
    return fresh;
  };

  const query = async (entry: Entry, question: Question): Promise<void> => {
    try {
      const { records, ttlSeconds } = await answerOf(dns, question);
      const now = clock.monotonic();
      entry.records = records;
      entry.heardAt = now;
      entry.until = now + Math.min(Math.max(ttlSeconds * 1000, TTL_MS.least), TTL_MS.most);
    } catch (error) {
      const now = clock.monotonic();
      if (now - (entry.heardAt ?? Number.NEGATIVE_INFINITY) > STALE_MS) entry.records = [];
      entry.until = now + AWAY_MS;
      logger.warn({ err: error, ...question, kept: entry.records.length }, 'DNS does not answer');
    } finally {
      delete entry.asking;
    }
  };

  return {
    naptr: (name) => know('NAPTR', name) as readonly Naptr[] | undefined,
    srv: (name) => know('SRV', name) as readonly Service[] | undefined,
    addresses: (type, name) => know(type, name) as readonly string[] | undefined,
    async ask(question) {
      const entry = entryOf(`${question.type} ${question.name}`);
      entry.asking ??= query(entry, question);
      if (entry.heardAt === undefined) return entry.asking;
      await patiently(entry.asking, clock);
      if (clock.monotonic() >= entry.until) entry.until = clock.monotonic() + TTL_MS.least;
    },
  };
}

function answerOf(dns: Dns, { type, name }: Question): Promise<DnsAnswer<Record>> {
  if (type === 'NAPTR') return dns.naptr(name);
  return type === 'SRV' ? dns.srv(name) : dns.addresses(type, name);
}

/** Resolves when the answer is there, or when a call has waited long enough for it. */
function patiently(answer: Promise<void>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const stop = clock.after(PATIENCE_MS, resolve);
    void answer.then(() => {
      stop();
      resolve();
    });
  });
}
