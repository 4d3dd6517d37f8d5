import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../ports.ts';

export interface Nonces {
  /** A nonce for this source alone. */
  issue(source: string): string;
  /** Whether we gave it to this source not long ago: whatever else comes with one that is not good need not be looked at. */
  isGood(nonce: string, source: string): boolean;
  /** Takes one count of a good nonce; false where it has been used, or is too old to tell. */
  use(nonce: string, count: number): boolean;
}

export interface NonceOptions {
  readonly clock: Pick<Clock, 'monotonic'>;
  /** ms; default 5 minutes. */
  readonly lifetimeMs?: number;
  /** Nonces in use whose counts are remembered; default 10,000. */
  readonly most?: number;
}

/** How far behind the highest count one may come: calls of one moment overtake each other. */
const WINDOW = 32;
const STAMP = 6;
const BODY = 16;

interface Used {
  readonly issuedAt: number;
  highest: number;
  /** Bit n: `highest - n` has come. */
  seen: number;
}

/**
 * A nonce says when it was made and proves that we made it, so that asking costs no memory; only one with which somebody
 * proved to know a password is remembered. Where that is too much the oldest are forgotten, and all of their age are stale.
 */
export function createNonces({ clock, lifetimeMs = 300_000, most = 10_000 }: NonceOptions): Nonces {
  const key = randomBytes(32);
  const used = new Map<string, Used>();
  let forgottenAt = Number.NEGATIVE_INFINITY;
  const sign = (body: Buffer, source: string) =>
    createHmac('sha256', key).update(body).update(source).digest().subarray(0, BODY);
  const issuedAt = (nonce: string) => Buffer.from(nonce, 'base64url').readUIntBE(0, STAMP);

  const forget = () => {
    const past = clock.monotonic() - lifetimeMs;
    for (const [nonce, entry] of used) {
      if (entry.issuedAt > past && used.size < most) return;
      used.delete(nonce);
      forgottenAt = Math.max(forgottenAt, entry.issuedAt);
    }
  };
  return {
    issue(source) {
      const body = Buffer.concat([Buffer.alloc(STAMP), randomBytes(BODY - STAMP)]);
      body.writeUIntBE(Math.floor(clock.monotonic()), 0, STAMP);
      return Buffer.concat([body, sign(body, source)]).toString('base64url');
    },
    isGood(nonce, source) {
      const bytes = Buffer.from(nonce, 'base64url');
      if (bytes.length !== 2 * BODY || bytes.toString('base64url') !== nonce) return false;
      const ours = timingSafeEqual(bytes.subarray(BODY), sign(bytes.subarray(0, BODY), source));
      return ours && clock.monotonic() - issuedAt(nonce) < lifetimeMs;
    },
    use(nonce, count) {
      const known = used.get(nonce);
      if (known) return take(known, count);
      const entry = { issuedAt: issuedAt(nonce), highest: count, seen: 1 };
      if (entry.issuedAt <= forgottenAt) return false;
      forget();
      used.set(nonce, entry);
      return true;
    },
  };
}

function take(entry: Used, count: number): boolean {
  const ahead = count - entry.highest;
  if (ahead > 0) {
    entry.seen = ahead >= WINDOW ? 1 : ((entry.seen << ahead) | 1) >>> 0;
    entry.highest = count;
    return true;
  }
  const bit = (1 << -ahead) >>> 0;
  if (-ahead >= WINDOW || (entry.seen & bit) !== 0) return false;
  entry.seen = (entry.seen | bit) >>> 0;
  return true;
}
