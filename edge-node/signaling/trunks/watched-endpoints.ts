import type { Trunk, TrunkEndpoint } from '../../../contracts/config.ts';
import type { EndpointHealth } from '../../../core/endpoint-health.ts';
import type { Clock } from '../../ports.ts';

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

interface WatchedServer {
  health: EndpointHealth;
  lastStatus: number | null;
  answers: boolean;
}

export interface Watched {
  readonly trunk: string;
  readonly endpoint: TrunkEndpoint;
  readonly servers: Map<string, WatchedServer>;
  askedAt: number;
  asking: boolean;
  /** Looked up, and nothing was there. */
  nowhere: boolean;
}

export const endpointId = ({ host, port, transport }: TrunkEndpoint): string =>
  `${host}${port === undefined ? '' : `:${port}`};transport=${transport}`;

export function statusOf({ trunk, endpoint, servers, nowhere }: Watched): EndpointStatus {
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
export function follow(
  watched: Map<string, Watched>,
  trunks: Readonly<Record<string, Trunk>>,
  clock: Clock,
): void {
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
