import type { Secrets } from '../../ports.ts';
import type { Account } from './accounts.ts';
import { parseAuthHeader, quoted } from './auth-params.ts';
import type { FailureBackOff } from './back-off.ts';
import { algorithmNamed, digestResponse, sameDigest } from './digest.ts';
import type { Nonces } from './nonces.ts';

/** A request that must say who sends it. */
export interface Claim {
  /** The Authorization headers, joined with commas; undefined where there is none. */
  readonly authorization: string | undefined;
  readonly method: string;
  /** Request-URI. */
  readonly uri: string;
  /** Address it came from. */
  readonly source: string;
}

export type CheckedClaim<A extends Account = Account> =
  | { readonly kind: 'accepted'; readonly account: A }
  /** Ask, or ask again: values of WWW-Authenticate, a header of each. */
  | {
      readonly kind: 'challenge';
      readonly challenges: readonly string[];
      /** Whether somebody of a realm of ours was named at all. */
      readonly claimed: boolean;
      /** The password was wrong. */
      readonly failed: boolean;
    }
  /** Too many failures: nothing was looked at. */
  | { readonly kind: 'held-off' }
  /** The password of the account cannot be read: our fault. */
  | { readonly kind: 'no-secret'; readonly detail: string };

export interface CredentialParts {
  readonly secrets: Secrets;
  readonly nonces: Nonces;
  readonly backOff: FailureBackOff;
}

/**
 * Finds the account whose password was used for this request (RFC 7616 §3.4, RFC 8760). A name that nobody has takes the
 * same way with the password of another account, to the same answer: nobody learns which names there are.
 */
export async function checkClaim<A extends Account>(
  claim: Claim,
  accounts: readonly A[],
  { secrets, nonces, backOff }: CredentialParts,
): Promise<CheckedClaim<A>> {
  if (backOff.heldOff(claim.source)) return { kind: 'held-off' };
  const { realm, sent } = whatWasSent(claim, accounts);
  const inRealm = accounts.filter((account) => account.realm === realm);
  const ask = (stale: boolean, failed = false): CheckedClaim<A> => {
    const challenges = challengesOf(inRealm, nonces.issue(claim.source), stale);
    return { kind: 'challenge', challenges, claimed: sent !== undefined, failed };
  };
  if (!sent) return ask(false);
  // Whoever chose the nonce would learn from our answer whether the password is right: it is not even looked at.
  if (!nonces.isGood(sent.nonce, claim.source)) return ask(true);
  const account = inRealm.find(({ username }) => username === sent.username);
  const looked = account ?? inRealm[0];
  if (!looked) return ask(false);
  let password: string;
  try {
    password = await secrets.read(looked.password);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { kind: 'no-secret', detail: `${looked.field}: ${why}` };
  }
  const proven = proves(sent, password, looked, claim);
  if (!proven || !account) {
    backOff.failed(claim.source);
    return ask(false, true);
  }
  backOff.succeeded(claim.source);
  return nonces.use(sent.nonce, sent.count) ? { kind: 'accepted', account } : ask(true);
}

interface Sent {
  readonly username: string;
  readonly nonce: string;
  readonly response: string;
  readonly uri: string;
  readonly algorithm: string | undefined;
  /** As it was written, and as a number. Without qop a nonce is good for one request. */
  readonly nc: string | undefined;
  readonly count: number;
  readonly cnonce: string;
}

/** What was sent for a realm of ours, or else the realm to ask for: the one that was called, or the first. */
function whatWasSent({ authorization, uri }: Claim, accounts: readonly Account[]) {
  const realms = accounts.map(({ realm }) => realm);
  const called = /@(\[[^\]]*\]|[^:;>?]*)/.exec(uri)?.[1];
  const digests = (authorization && parseAuthHeader(authorization)) || [];
  const ours = digests.find(
    ({ scheme, params }) => scheme === 'digest' && realms.includes(params.get('realm') ?? ''),
  );
  const realm = ours?.params.get('realm') ?? realms.find((each) => each === called) ?? realms[0] ?? '';
  return { realm, sent: ours && sentIn(ours.params) };
}

function sentIn(params: ReadonlyMap<string, string>): Sent | undefined {
  const get = (name: string) => params.get(name) ?? '';
  const nc = params.has('qop') ? get('nc') : undefined;
  if (nc !== undefined && (get('qop') !== 'auth' || !/^[0-9a-f]{8}$/i.test(nc))) return undefined;
  return {
    ...{ username: get('username'), nonce: get('nonce'), response: get('response'), uri: get('uri') },
    ...{
      algorithm: params.get('algorithm'),
      nc,
      count: Number.parseInt(nc ?? '1', 16),
      cnonce: get('cnonce'),
    },
  };
}

/** The number that is called is part of what is proven; the host may have been changed by a proxy on the way. */
function proves(sent: Sent, password: string, account: Account, { method, uri }: Claim): boolean {
  const named = algorithmNamed(sent.algorithm);
  const allowed = named !== undefined && !named.session && account.algorithms.includes(named.algorithm);
  const { nc, cnonce } = sent;
  const expected = digestResponse({
    ...{ algorithm: allowed ? named.algorithm : 'MD5', session: false, password, method },
    ...{ username: sent.username, realm: account.realm, uri: sent.uri, nonce: sent.nonce },
    ...(nc === undefined ? {} : { protection: { qop: 'auth', nc, cnonce } }),
  });
  return sameDigest(sent.response, expected) && allowed && userOf(sent.uri) === userOf(uri);
}

const userOf = (uri: string): string => /^sips?:([^@]*)@/i.exec(uri)?.[1] ?? '';

/** One for each algorithm, in the order of preference (RFC 8760 §2.3). */
const challengesOf = (accounts: readonly Account[], nonce: string, stale: boolean): string[] =>
  [...new Set(accounts.flatMap(({ algorithms }) => algorithms))].map(
    (algorithm) =>
      `Digest realm=${quoted(accounts[0]?.realm ?? '')}, nonce="${nonce}", ${stale ? 'stale=true, ' : ''}algorithm=${algorithm}, qop="auth"`,
  );
