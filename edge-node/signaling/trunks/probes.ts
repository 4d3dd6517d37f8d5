import type { Logger } from 'pino';
import type { Trunk, TrunkEndpoint } from '../../../contracts/config.ts';
import { afterProbe, type EndpointHealth, notYetAsked } from '../../../core/endpoint-health.ts';
import { uriOf } from '../../../core/outbound.ts';
import type { Narrator } from '../../narrator.ts';
import type { Clock, RoutingSnapshot } from '../../ports.ts';
import type { Place, ServerFinder } from './find-server.ts';
import type { ServerBook } from './server-book.ts';

export interface ProbeParts {
  readonly snapshot: Pick<RoutingSnapshot, 'current'>;
  readonly narrator: Pick<Narrator, 'say'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly finder: ServerFinder;
  readonly book: Pick<ServerBook, 'answeredOptions'>;
  /** Sends an OPTIONS, with the credentials of the trunk where it is asked for them; its final status, undefined where none came in time. */
  readonly options: (
    uri: string,
    timeoutMs: number,
    nextHop: string | undefined,
    trunk: string,
  ) => Promise<number | undefined>;
}

/** One server of an endpoint, as probes see it. */
export interface ServerStatus {
  /** `HOST:PORT;transport=T` */
  readonly server: string;
  readonly up: boolean;
  /** Final status of the last OPTIONS; null where none came, or none was sent yet. */
  readonly lastStatus: number | null;
}

/** One endpoint of a trunk, as this edge sees it: up as long as one of its servers is. */
export interface EndpointStatus {
  readonly trunk: string;
  /** `HOST:PORT;transport=T`, without the port where the name is looked up. */
  readonly endpoint: string;
  readonly up: boolean;
  /** Of the first server that is up, else of the first. */
  readonly lastStatus: number | null;
  /** Where the endpoint leads now; for one that is an address, to that alone. */
  readonly servers: readonly ServerStatus[];
}

export interface TrunkProbes extends Disposable {
  isUp(trunk: string, server: string): boolean;
  status(): readonly EndpointStatus[];
}

interface WatchedServer {
  health: EndpointHealth;
  lastStatus: number | null;
}

interface Watched {
  readonly trunk: string;
  readonly endpoint: TrunkEndpoint;
  readonly servers: Map<string, WatchedServer>;
  askedAt: number;
  asking: boolean;
  /** Looked up, and nothing was there. */
  nowhere: boolean;
}

/** How often it is looked whether a probe is due, ms. */
const LOOK_EVERY_MS = 250;

const endpointId = ({ host, port, transport }: TrunkEndpoint): string =>
  `${host}${port === undefined ? '' : `:${port}`};transport=${transport}`;

/**
 * Asks every server of every endpoint of every trunk by OPTIONS, each endpoint in its own period. Any final response means
 * that somebody is there (RFC 3261 §11): a carrier that refuses OPTIONS with 405 still takes calls. Only silence and a
 * broken transport count.
 */
export function probeTrunks(parts: ProbeParts): TrunkProbes {
  const { snapshot, clock } = parts;
  const watched = new Map<string, Watched>();
  let stop = () => {};

  const look = () => {
    const trunks = snapshot.current()?.config.trunks ?? {};
    follow(watched, trunks, clock);
    for (const each of watched.values()) {
      const trunk = trunks[each.trunk];
      if (!trunk || each.asking || clock.monotonic() - each.askedAt < trunk.probe.everySeconds * 1000)
        continue;
      void askAll(each, trunk, parts);
    }
    stop = clock.after(LOOK_EVERY_MS, look);
  };
  look();
  return {
    isUp: (trunk, server) =>
      [...watched.values()].every(
        (each) => each.trunk !== trunk || (each.servers.get(server)?.health.up ?? true),
      ),
    status: () => [...watched.values()].map(statusOf),
    [Symbol.dispose]: () => stop(),
  };
}

function statusOf({ trunk, endpoint, servers, nowhere }: Watched): EndpointStatus {
  const each = [...servers].map(([server, { health, lastStatus }]) => ({
    server,
    up: health.up,
    lastStatus,
  }));
  const first = each.find(({ up }) => up) ?? each[0];
  return {
    ...{ trunk, endpoint: endpointId(endpoint), up: !nowhere && (first?.up ?? true) },
    ...{ lastStatus: first?.lastStatus ?? null, servers: each },
  };
}

/** Endpoints come and go with the configuration; what is known of one that stays is kept. */
function follow(watched: Map<string, Watched>, trunks: Readonly<Record<string, Trunk>>, clock: Clock): void {
  const there = new Set<string>();
  for (const [trunk, { endpoints, probe }] of Object.entries(trunks)) {
    for (const endpoint of endpoints) {
      const key = `${trunk} ${endpointId(endpoint)}`;
      there.add(key);
      if (watched.has(key)) continue;
      const askedAt = clock.monotonic() - probe.everySeconds * 1000;
      watched.set(key, { trunk, endpoint, servers: new Map(), askedAt, asking: false, nowhere: false });
    }
  }
  for (const key of watched.keys()) if (!there.has(key)) watched.delete(key);
}

/** Looks up where the endpoint leads, and asks each server there. What is known of a server that stays is kept. */
async function askAll(each: Watched, trunk: Trunk, parts: ProbeParts): Promise<void> {
  each.asking = true;
  each.askedAt = parts.clock.monotonic();
  const places = await parts.finder.find(uriOf(each.endpoint, 'ping'), each.trunk);
  sayWhetherFound(each, places.length > 0, parts);
  for (const server of each.servers.keys())
    if (!places.some((place) => place.server === server)) each.servers.delete(server);
  await Promise.all(places.map((place) => ask(each, place, trunk, parts)));
  each.asking = false;
}

function sayWhetherFound(each: Watched, found: boolean, { narrator, logger }: ProbeParts): void {
  if (each.nowhere !== found) return;
  each.nowhere = !found;
  const about = { trunk: each.trunk, endpoint: endpointId(each.endpoint) };
  if (found) {
    narrator.say('trunk.up', about);
    return;
  }
  const detail = 'DNS knows no server of this name';
  logger.error({ ...about, detail }, 'a trunk is not reached: new calls go elsewhere');
  narrator.say('trunk.down', { ...about, detail });
}

async function ask(
  each: Watched,
  { server, nextHop }: Place,
  { probe }: Trunk,
  { clock, options, narrator, logger, book }: ProbeParts,
): Promise<void> {
  const sentAt = clock.monotonic();
  const status = await options(
    uriOf(each.endpoint, 'ping'),
    probe.timeoutSeconds * 1000,
    nextHop,
    each.trunk,
  ).catch(() => undefined);
  const before = each.servers.get(server) ?? { health: notYetAsked, lastStatus: null };
  const silent = status === undefined || status === 408 || status === 503;
  const health = afterProbe(before.health, !silent, probe);
  each.servers.set(server, { health, lastStatus: status ?? null });
  if (!silent) book.answeredOptions(each.trunk, server, sentAt);
  if (health.up === before.health.up) return;
  const about = {
    ...{ trunk: each.trunk, endpoint: endpointId(each.endpoint) },
    ...(nextHop === undefined ? {} : { server }),
  };
  if (health.up) {
    logger.info(about, 'a trunk is reached again');
    narrator.say('trunk.up', about);
    return;
  }
  const heard =
    status === undefined ? `no answer within ${probe.timeoutSeconds} s` : `the answer was ${status}`;
  const detail = `OPTIONS: ${heard}; ${probe.down} of the last ${probe.of} failed`;
  logger.error({ ...about, detail }, 'a trunk is not reached: new calls go elsewhere');
  narrator.say('trunk.down', { ...about, detail });
}
