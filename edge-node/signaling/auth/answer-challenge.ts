import { randomBytes } from 'node:crypto';
import { type AuthParams, parseAuthHeader, quoted } from './auth-params.ts';
import { algorithmNamed, digestResponse, strongestFirst } from './digest.ts';

/** With what a carrier's challenge is answered. Without `realm`: whatever realm it names. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly realm?: string | undefined;
}

/** What was challenged, and how. */
export interface ChallengedRequest {
  readonly method: string;
  /** Request-URI, as it was sent. */
  readonly uri: string;
}

/** A 401 or a 407. */
interface ChallengeResponse {
  readonly status: number;
  get(header: string): string | undefined;
}

/** Headers for the same request again, or why it must not be sent again. */
type ChallengeAnswer =
  | { readonly ok: true; readonly headers: Readonly<Record<string, string>> }
  | { readonly ok: false; readonly detail: string };

export const isChallenge = (status: number): boolean => status === 401 || status === 407;

interface Chosen {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | undefined;
  readonly named: string | undefined;
  readonly known: NonNullable<ReturnType<typeof algorithmNamed>>;
  readonly qop: boolean;
  readonly stale: boolean;
}

const kinds = {
  401: { asks: 'www-authenticate', answers: 'Authorization' },
  407: { asks: 'proxy-authenticate', answers: 'Proxy-Authorization' },
} as const;

/** One request on its way, with all its repetitions. */
export interface AnsweringRequest {
  /** Credentials to send with it, by what was challenged before (RFC 7616 §3.6); none before the first challenge. */
  headers(): Readonly<Record<string, string>>;
  answer(response: ChallengeResponse): ChallengeAnswer;
}

type Status = keyof typeof kinds;

/**
 * Our side of a digest, for a call or a registration: one account, several requests. A proxy and the server behind it may
 * both ask. One that asks a second time for the same request does not accept who we are, unless its nonce became stale.
 */
export class DigestClient {
  readonly #credentials: Credentials;
  readonly #challenges = new Map<Status, { chosen: Chosen; count: number }>();

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  begin(request: ChallengedRequest): AnsweringRequest {
    const answered = new Map<Status, string[]>();
    return {
      headers: () => this.#headers(request),
      answer: (response) => {
        const status = response.status === 407 ? 407 : 401;
        const chosen = choose(response.get(kinds[status].asks), this.#credentials.realm);
        if (typeof chosen === 'string') return refused(status, chosen);
        const nonces = answered.get(status) ?? [];
        const again = whyNotAgain(chosen, nonces, this.#credentials);
        if (again !== undefined) return refused(status, again);
        answered.set(status, [...nonces, chosen.nonce]);
        this.#challenges.set(status, { chosen, count: 0 });
        return { ok: true, headers: this.#headers(request) };
      },
    };
  }

  #headers(request: ChallengedRequest): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const [status, challenge] of this.#challenges) {
      challenge.count += 1;
      const { chosen, count } = challenge;
      headers[kinds[status].answers] = authorization(chosen, this.#credentials, request, count);
    }
    return headers;
  }
}

function whyNotAgain(
  { stale, nonce, realm }: Chosen,
  nonces: readonly string[],
  { username }: Credentials,
): string | undefined {
  if (nonces.length === 0) return undefined;
  if (!stale || nonces.includes(nonce)) return `realm "${realm}" does not accept user "${username}"`;
  return nonces.length > 1 ? `realm "${realm}" calls one nonce after the other stale` : undefined;
}

const refused = (status: number, why: string): ChallengeAnswer => ({
  ok: false,
  detail: `challenged with ${status}: ${why}`,
});

/** The strongest challenge that we can answer; the reason in words where there is none. */
function choose(header: string | undefined, realm: string | undefined): Chosen | string {
  if (header === undefined) return 'it has no challenge';
  const read = parseAuthHeader(header);
  if (!read) return 'its challenge cannot be read';
  const digests = read.filter(({ scheme, params }) => scheme === 'digest' && params.get('nonce'));
  if (digests.length === 0) return 'its challenge is no digest';
  const ours = digests.filter(({ params }) => realm === undefined || params.get('realm') === realm);
  if (ours.length === 0)
    return `it asks for ${listOf(digests, 'realm')}, we have credentials for realm "${realm}"`;
  const answerable = ours.flatMap(readChallenge);
  const [best] = answerable.sort((one, other) => strengthOf(other) - strengthOf(one));
  return best ?? `we do not know its ${listOf(ours, 'algorithm')}${qopsOf(ours)}`;
}

const strengthOf = ({ known }: Chosen): number => -strongestFirst.indexOf(known.algorithm);

function readChallenge({ params }: AuthParams): Chosen[] {
  const known = algorithmNamed(params.get('algorithm'));
  const qops = params
    .get('qop')
    ?.toLowerCase()
    .split(/\s*,\s*/);
  if (!known || (qops && !qops.includes('auth'))) return [];
  return [
    {
      known,
      realm: params.get('realm') ?? '',
      nonce: params.get('nonce') ?? '',
      opaque: params.get('opaque'),
      named: params.get('algorithm'),
      qop: qops !== undefined,
      stale: params.get('stale')?.toLowerCase() === 'true',
    },
  ];
}

const listOf = (challenges: readonly AuthParams[], name: string): string =>
  `${name} ${challenges.map(({ params }) => `"${(params.get(name) ?? '').slice(0, 64)}"`).join(', ')}`;

const qopsOf = (challenges: readonly AuthParams[]): string =>
  challenges.some(({ params }) => params.has('qop')) ? ` with ${listOf(challenges, 'qop')}` : '';

function authorization(
  { realm, nonce, opaque, named, known, qop }: Chosen,
  { username, password }: Credentials,
  { method, uri }: ChallengedRequest,
  count: number,
): string {
  const nc = count.toString(16).padStart(8, '0');
  const protection = { qop: 'auth', nc, cnonce: randomBytes(12).toString('hex') } as const;
  const needsCnonce = qop || known.session;
  const account = { username, realm, password, method, uri, nonce };
  const response = digestResponse({ ...known, ...account, ...(needsCnonce ? { protection } : {}) });
  return [
    `Digest username=${quoted(username)}`,
    `realm=${quoted(realm)}`,
    `nonce=${quoted(nonce)}`,
    `uri=${quoted(uri)}`,
    `response="${response}"`,
    ...(named === undefined ? [] : [`algorithm=${named}`]),
    ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
    ...(needsCnonce ? [`qop=auth`, `nc=${nc}`, `cnonce="${protection.cnonce}"`] : []),
  ].join(', ');
}
