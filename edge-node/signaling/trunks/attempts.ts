import type { Keying, MediaEncryption } from '../../../contracts/config/encryption.ts';
import type { RouteTarget } from '../../../contracts/route-decision.ts';
import { orderTargets } from '../../../core/order-targets.ts';
import type { Standing } from '../../../core/server-health.ts';
import type { Binding, Bindings } from '../registrar/bindings.ts';
import type { BindingElsewhere, BindingsElsewhere } from '../registrar/bindings-elsewhere.ts';
import type { Place, ServerFinder } from './find-server.ts';
import type { ServerBook, Trying } from './server-book.ts';

/** One INVITE that may be sent: to one server of one target. */
export interface Attempt {
  readonly target: RouteTarget;
  /** `HOST:PORT;transport=T`; undefined where the name of the target leads to no server at all. */
  readonly server: string | undefined;
  /** Undefined: where the URI of the target says. */
  readonly nextHop: string | undefined;
  begin(): Trying;
  /** The server is another edge, which wants to be shown this. */
  readonly pass?: string;
  /** The media that is offered is SRTP, keyed so. */
  readonly keying?: Keying;
  /** The same attempt without SRTP, for a server that refuses it. */
  readonly plain?: Attempt;
}

/** The same attempt with SRTP, and with the plain one behind it where the target may do without. */
export function encrypted(attempt: Attempt, { encryption, keying }: MediaEncryption): Attempt {
  if (encryption === 'off') return attempt;
  return { ...attempt, keying, ...(encryption === 'preferred' ? { plain: attempt } : {}) };
}

export interface AttemptParts {
  readonly finder: ServerFinder;
  readonly book: Pick<ServerBook, 'begin'>;
  /** What probes and calls together say of a server. */
  readonly standing: (target: RouteTarget, server: string) => Standing;
  readonly encryption: (target: RouteTarget) => MediaEncryption;
  readonly bindings: Pick<Bindings, 'live' | 'byPass'>;
  readonly elsewhere: BindingsElsewhere;
}

/**
 * Every server of every target in the order in which they are called, each looked up when its turn comes. A server that is
 * down comes after all others, for where nothing is reached trying is better than refusing; one that asked for a pause is
 * left out. Weights are drawn with the seed.
 */
export async function* attemptsFor(
  targets: readonly RouteTarget[],
  seed: string,
  parts: AttemptParts,
): AsyncGenerator<Attempt, undefined> {
  const last: Attempt[] = [];
  for (const target of targets) {
    if (target.user !== undefined) {
      yield* toUser(target, seed, parts);
      continue;
    }
    if (target.socket !== undefined) {
      yield toAgent(target);
      continue;
    }
    const places = await parts.finder.find(target.uri, `${seed} ${target.uri}`);
    if (places.length === 0) yield toNowhere(target);
    for (const place of places) {
      const attempt = encrypted(toPlace(target, place, parts.book), parts.encryption(target));
      const now = parts.standing(target, place.server);
      if (now === 'down') last.push(attempt);
      else if (now !== 'paused') yield attempt;
    }
  }
  yield* last;
  return undefined;
}

/** Every place where a user is registered, with whatever edge, as its turn comes, the most wanted first (RFC 3261 §16.6). */
async function* toUser(
  target: RouteTarget,
  seed: string,
  { bindings, elsewhere, encryption }: AttemptParts,
): AsyncGenerator<Attempt, undefined> {
  const { trunk = '', user = '' } = target;
  const there = await elsewhere.of({ trunk, user });
  const here = bindings.live({ trunk, user });
  if (here.length + there.length === 0) yield toNowhere(target);
  const shared = [...here, ...there].map((binding) => ({ binding, priority: 1 - binding.q, weight: 1 }));
  for (const { binding } of orderTargets(shared, `${seed} ${target.uri}`)) {
    if ('server' in binding) yield encrypted(throughEdge(target, binding), encryption(target));
    else if (bindings.byPass(binding.pass)) yield encrypted(toBinding(target, binding), encryption(target));
  }
  return undefined;
}

/** The one place for which a call was handed over to this edge. */
export async function* attemptFor(
  target: RouteTarget,
  binding: Binding,
  { encryption }: Pick<AttemptParts, 'encryption'>,
): AsyncGenerator<Attempt, undefined> {
  yield encrypted(toBinding(target, binding), encryption(target));
  return undefined;
}

const throughEdge = (target: RouteTarget, { server, pass }: BindingElsewhere): Attempt => ({
  ...{ target, server, nextHop: `sip:${server}`, pass, begin: begun },
});

/** Over the way its REGISTER came, for behind a NAT there is no other. A phone is no server: nothing is kept of its health. */
function toBinding(target: RouteTarget, { contact, flow }: Binding): Attempt {
  const host = flow.address.includes(':') ? `[${flow.address.replace(/^\[|\]$/g, '')}]` : flow.address;
  const server = `${host}:${flow.port};transport=${flow.transport}`;
  return { target: { ...target, uri: contact }, server, nextHop: `sip:${server}`, begin: begun };
}

const begun = () => ({ heard: () => {}, leftOff: () => {} });

const toPlace = (
  target: RouteTarget,
  { server, nextHop }: Place,
  book: Pick<ServerBook, 'begin'>,
): Attempt => ({
  ...{ target, server, nextHop },
  begin: () => book.begin(target.trunk, server),
});

/** Its gateway finds it. */
const toAgent = (target: RouteTarget): Attempt => ({
  ...{ target, server: new URL(target.uri).host, nextHop: undefined, begin: begun },
});

const toNowhere = (target: RouteTarget): Attempt => ({
  ...{ target, server: undefined, nextHop: undefined },
  begin: begun,
});
