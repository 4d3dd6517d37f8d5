import type { Logger } from 'pino';
import type { Trunk } from '../../../contracts/config.ts';
import { afterProbe, notYetAsked } from '../../../core/endpoint-health.ts';
import { uriOf } from '../../../core/outbound.ts';
import type { Narrator } from '../../narrator.ts';
import type { Clock, RoutingSnapshot } from '../../ports.ts';
import type { Headers } from '../sip.ts';
import type { Place, ServerFinder } from './find-server.ts';
import type { ServerBook } from './server-book.ts';
import { type EndpointStatus, endpointId, follow, statusOf, type Watched } from './watched-endpoints.ts';

export interface ProbeParts {
  readonly snapshot: Pick<RoutingSnapshot, 'current'>;
  readonly narrator: Pick<Narrator, 'say'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly finder: ServerFinder;
  readonly book: Pick<ServerBook, 'answeredOptions'>;
  /** Sends an OPTIONS, with the credentials of the trunk where it is asked for them; undefined where no final response came in time. */
  readonly options: (
    uri: string,
    timeoutMs: number,
    nextHop: string | undefined,
    trunk: string,
    headers?: Headers,
  ) => Promise<{ readonly status: number; readonly detail: string } | undefined>;
}

export interface TrunkProbes extends Disposable {
  isUp(trunk: string, server: string): boolean;
  /** Whether the server has ever answered OPTIONS: then its silence means something. */
  answers(trunk: string, server: string): boolean;
  status(): readonly EndpointStatus[];
}

/** How often it is looked whether a probe is due, ms. */
const LOOK_EVERY_MS = 250;

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
    answers: (trunk, server) =>
      [...watched.values()].some((each) => each.trunk === trunk && each.servers.get(server)?.answers),
    status: () => [...watched.values()].map(statusOf),
    [Symbol.dispose]: () => stop(),
  };
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
  const answer = await options(
    uriOf(each.endpoint, 'ping'),
    probe.timeoutSeconds * 1000,
    nextHop,
    each.trunk,
  ).catch(() => undefined);
  const status = answer?.status;
  const before = each.servers.get(server) ?? { health: notYetAsked, answers: false };
  const silent = status === undefined || status === 408 || status === 503;
  const health = afterProbe(before.health, !silent, probe);
  each.servers.set(server, { health, lastStatus: status ?? null, answers: before.answers || !silent });
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
  const heard = answer?.detail ?? `no answer within ${probe.timeoutSeconds} s`;
  const detail = `OPTIONS: ${heard}; ${probe.down} of the last ${probe.of} failed`;
  logger.error({ ...about, detail }, 'a trunk is not reached: new calls go elsewhere');
  narrator.say('trunk.down', { ...about, detail });
}
