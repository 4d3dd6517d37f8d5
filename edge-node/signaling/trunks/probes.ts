import type { Logger } from 'pino';
import type { Trunk, TrunkEndpoint } from '../../../contracts/config.ts';
import { afterProbe, type EndpointHealth, notYetAsked } from '../../../core/endpoint-health.ts';
import { uriOf } from '../../../core/outbound.ts';
import type { Narrator } from '../../narrator.ts';
import type { Clock, RoutingSnapshot } from '../../ports.ts';

export interface ProbeParts {
  readonly snapshot: Pick<RoutingSnapshot, 'current'>;
  readonly narrator: Pick<Narrator, 'say'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sends an OPTIONS; the status of its final response, undefined where none came in time. */
  readonly options: (uri: string, timeoutMs: number) => Promise<number | undefined>;
}

/** One endpoint of a trunk, as this edge sees it. */
export interface EndpointStatus {
  readonly trunk: string;
  /** `HOST:PORT;transport=T`, without the port where the name is looked up. */
  readonly endpoint: string;
  readonly up: boolean;
  /** Final status of the last OPTIONS; null where none came, or none was sent yet. */
  readonly lastStatus: number | null;
}

export interface TrunkProbes extends Disposable {
  isUp(trunk: string, endpoint: string): boolean;
  status(): readonly EndpointStatus[];
}

interface Watched {
  readonly trunk: string;
  readonly endpoint: TrunkEndpoint;
  health: EndpointHealth;
  lastStatus: number | null;
  askedAt: number;
  asking: boolean;
}

/** How often it is looked whether a probe is due, ms. */
const LOOK_EVERY_MS = 250;

const endpointId = ({ host, port, transport }: TrunkEndpoint): string =>
  `${host}${port === undefined ? '' : `:${port}`};transport=${transport}`;

/**
 * Asks every endpoint of every trunk by OPTIONS, each in its own period. Any final response means that somebody is there
 * (RFC 3261 §11): a carrier that refuses OPTIONS with 405 still takes calls. Only silence and a broken transport count.
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
      void ask(each, trunk, parts);
    }
    stop = clock.after(LOOK_EVERY_MS, look);
  };
  look();
  return {
    isUp: (trunk, endpoint) => watched.get(`${trunk} ${endpoint}`)?.health.up ?? true,
    status: () =>
      [...watched.values()].map(({ trunk, endpoint, health, lastStatus }) => ({
        ...{ trunk, endpoint: endpointId(endpoint), up: health.up, lastStatus },
      })),
    [Symbol.dispose]: () => stop(),
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
      watched.set(key, { trunk, endpoint, health: notYetAsked, lastStatus: null, askedAt, asking: false });
    }
  }
  for (const key of watched.keys()) if (!there.has(key)) watched.delete(key);
}

async function ask(
  each: Watched,
  { probe }: Trunk,
  { clock, options, narrator, logger }: ProbeParts,
): Promise<void> {
  each.asking = true;
  each.askedAt = clock.monotonic();
  const status = await options(uriOf(each.endpoint, 'ping'), probe.timeoutSeconds * 1000).catch(
    () => undefined,
  );
  each.asking = false;
  const before = each.health;
  const silent = status === undefined || status === 408 || status === 503;
  each.lastStatus = status ?? null;
  each.health = afterProbe(before, !silent, probe);
  if (each.health.up === before.up) return;
  const { trunk } = each;
  const endpoint = endpointId(each.endpoint);
  if (each.health.up) {
    logger.info({ trunk, endpoint }, 'a trunk is reached again');
    narrator.say('trunk.up', { trunk, endpoint });
    return;
  }
  const heard =
    status === undefined ? `no answer within ${probe.timeoutSeconds} s` : `the answer was ${status}`;
  const detail = `OPTIONS: ${heard}; ${probe.down} of the last ${probe.of} failed`;
  logger.error({ trunk, endpoint, detail }, 'a trunk is not reached: new calls go elsewhere');
  narrator.say('trunk.down', { trunk, endpoint, detail });
}
