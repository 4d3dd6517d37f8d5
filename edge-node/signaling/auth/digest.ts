import { createHash, timingSafeEqual } from 'node:crypto';
import type { DigestAlgorithm } from '../../../contracts/config.ts';

/** Names of our algorithms at OpenSSL, strongest first. */
const hashes = { 'SHA-512-256': 'sha512-256', 'SHA-256': 'sha256', MD5: 'md5' } as const satisfies Record<
  DigestAlgorithm,
  string
>;

export const strongestFirst = Object.keys(hashes) as DigestAlgorithm[];

/** What both sides of a digest put into it (RFC 7616 §3.4). */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  /** `-sess`: the session key is made of the first nonce and cnonce. */
  readonly session: boolean;
  readonly username: string;
  readonly realm: string;
  readonly password: string;
  readonly method: string;
  readonly uri: string;
  readonly nonce: string;
  /** Absent without qop, as before RFC 2617. */
  readonly protection?: { readonly qop: 'auth'; readonly nc: string; readonly cnonce: string };
}

/** The `response` of a digest, in lower-case hex. */
export function digestResponse(input: DigestInput): string {
  const { algorithm, session, username, realm, password, method, uri, nonce, protection } = input;
  const hash = (...parts: readonly string[]) =>
    createHash(hashes[algorithm]).update(parts.join(':'), 'utf8').digest('hex');
  const account = hash(username, realm, password);
  const a1 = session ? hash(account, nonce, protection?.cnonce ?? '') : account;
  const a2 = hash(method, uri);
  if (!protection) return hash(a1, nonce, a2);
  return hash(a1, nonce, protection.nc, protection.cnonce, protection.qop, a2);
}

/** In constant time, whatever was sent. */
export function sameDigest(sent: string, expected: string): boolean {
  const text = Buffer.from(sent.toLowerCase().padEnd(expected.length).slice(0, expected.length), 'latin1');
  const same = timingSafeEqual(text, Buffer.from(expected, 'latin1'));
  return same && sent.length === expected.length;
}

/** `SHA-256-sess` as algorithm and session; absent means MD5 (RFC 7616 §3.3). Undefined: one that we do not know. */
export function algorithmNamed(
  name = 'MD5',
): { readonly algorithm: DigestAlgorithm; readonly session: boolean } | undefined {
  const bare = name.toUpperCase().replace(/-SESS$/, '');
  const algorithm = strongestFirst.find((each) => each === bare);
  return algorithm && { algorithm, session: bare.length < name.length };
}
