import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import type { RoutingConfigInput } from '../contracts/config.ts';
import type { CallState } from '../core/call-state.ts';
import { Parts } from '../edge-node/parts.ts';
import type { EdgeEnvironment } from '../edge-node/settings.ts';
import { startGateway } from '../gateway/gateway.ts';
import { readSettings } from '../gateway/settings.ts';
import type { SettingsInput } from '../lib/settings.ts';
import { type BusEvent, bootLocalCloud, type LocalCloud } from './cloud/local-cloud.ts';
import { synthesizeOnce } from './cloud/synthesize.ts';
import type { SipTls } from './drachtio/drachtio-config.ts';
import type { SipServerHandle } from './drachtio/start-sip-server.ts';
import { type EdgeHandle, startEdgeHere, startEdgeProcess } from './edge-handle.ts';
import { type EdgeSite, type EdgeSiteOptions, startEdgeSite } from './edge-site.ts';
import { type CallReport, type PlacedCall, placeCall } from './phone/phones.ts';
import type { Rtpengine } from './rtpengine/start-rtpengine.ts';
import { openStateTables, type StateTables } from './state-tables.ts';

export interface DevEnvOptions {
  /** Pushed before the edges start; without it they start as after the first deployment. */
  readonly config?: RoutingConfigInput;
  /** In this process (default), as a process of its own, or none. */
  readonly edge?: 'here' | 'process' | 'none';
  readonly edgeSettings?: Partial<EdgeEnvironment>;
  /** How many edges, each with a SIP server and rtpengines of its own; default 1. */
  readonly edges?: number;
  /** Of the first edge; each further one has its SIP port two higher and its HTTP port one, where they are not 0. */
  readonly sipPort?: number;
  readonly sipServer?: 'auto' | 'embedded';
  /** Certificate of the SIP servers, which then take TLS one port above their SIP port; any where that is 0. */
  readonly tls?: SipTls;
  /** Port of /live, /ready and /metrics. */
  readonly httpPort?: number;
  /** Context of the stack that differs from what is deployed by default. */
  readonly stack?: Omit<SettingsInput, 'edges'>;
  /** Folders that `cdk synth` wrote for customers' apps: their functions run on the same bus. */
  readonly apps?: readonly string[];
  /** A gateway for agents over WebSockets, beside the edges; default: where the configuration has such an agent. */
  readonly gateway?: boolean;
  /** Counts what AWS would bill: `cloud.bill()`. */
  readonly metered?: boolean;
  /** What Secrets Manager of this platform holds, by the names of the secrets. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Keeps tables and journal there; without it they go when this ends. */
  readonly dataDir?: string;
  readonly logger?: Logger;
  readonly onEvent?: (event: BusEvent) => void;
  /** Told as each part stands, with the time it took in ms. */
  readonly onStep?: (step: string, ms: number) => void;
  readonly mediaTimeoutSeconds?: number;
  /** How many rtpengines each edge has; default 1. */
  readonly rtpengines?: number;
  /** RTP ports of the very first rtpengine: a call takes four. Default 2,000, which each further one has, too. */
  readonly mediaPorts?: { readonly min: number; readonly max: number };
}

/** The whole platform on this machine. Real parts: only AWS is emulated, from the very template that is deployed. */
export interface DevEnv extends AsyncDisposable {
  readonly cloud: LocalCloud;
  /** Every edge with what belongs to it. What stands below is the first one's. */
  readonly edges: readonly [EdgeSite, ...EdgeSite[]];
  readonly sip: SipServerHandle['sip'];
  readonly sipServer: SipServerHandle;
  readonly rtpengine: Rtpengine;
  /** All of them, {@link DevEnv.rtpengine} first. */
  readonly rtpengines: readonly Rtpengine[];
  readonly state: StateTables;
  readonly edge: EdgeHandle;
  /** Environment with which an edge joins this platform. */
  readonly edgeEnvironment: EdgeEnvironment;
  /** Starts the edge anew: with the same identity, data and addresses, in a process of its own. */
  restartEdge(): Promise<EdgeHandle>;
  /** Places a call through the edge, from a carrier on this machine. */
  call(call: Omit<PlacedCall, 'via'>): Promise<CallReport>;
  /** Events on the bus whose type starts with `prefix`, oldest first. */
  events(prefix?: string): BusEvent[];
  /** States of all calls, oldest first. */
  calls(): Promise<CallState[]>;
  /** Resolves when the outbox is empty, every event is handled and every command is applied. */
  settled(): Promise<void>;
}

export const DevEnv = {
  async create(options: DevEnvOptions): Promise<DevEnv> {
    const parts = new Parts();
    try {
      return await boot(options, parts);
    } catch (error) {
      await parts[Symbol.asyncDispose]();
      throw error;
    }
  },
};

async function boot(given: DevEnvOptions, parts: Parts): Promise<DevEnv> {
  const logger = given.logger ?? pino({ level: process.env['TRUNKLINE_TEST_LOG'] ?? 'silent' });
  const timed = steps(given.onStep);
  const options = await withGateway(given, { parts, logger, timed });
  const dataDir = options.dataDir ?? (await temporaryFolder(parts));
  const cloud = parts.use(await bootCloud(options, dataDir, logger, timed));
  const state = parts.use(openStateTables(cloud));
  const { config } = options;
  if (config) await timed('configuration pushed', () => state.routing.push(config));

  const [first, ...others] = idsOf(options.edges);
  if (others.length > 0 && process.env['DRACHTIO_URL'] && options.sipServer !== 'embedded')
    throw new Error(
      'DRACHTIO_URL names one SIP server, and each edge needs its own: unset it, or start one edge',
    );
  const site = async (id: string, index = 0) =>
    parts.use(await startEdgeSite(siteOptions(options, { id, index, cloud, dataDir, logger, timed })));
  const edges: [EdgeSite, ...EdgeSite[]] = [await site(first)];
  for (const [index, id] of others.entries()) edges.push(await site(id, index + 1));
  const [{ sip, sipServer, rtpengines, environment, restartEdge }] = edges;

  return {
    ...{ cloud, edges, sip, sipServer, state, rtpengines, restartEdge },
    ...{ rtpengine: rtpengines[0], edgeEnvironment: environment },
    get edge() {
      return edges[0].edge;
    },
    call: (call) => placeCall({ ...call, via: sip, logger }),
    events: (prefix = '') => cloud.events().filter((event) => event['detail-type'].startsWith(prefix)),
    calls: () => state.calls(),
    async settled() {
      // An event may cause another one: quiet is when the bus said nothing new while all was drained.
      for (let said = -1; said !== cloud.usage().events; ) {
        said = cloud.usage().events;
        for (const each of edges) await each.settled();
        await cloud.settled();
      }
    },
    [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
  };
}

/** Agents on this machine may be called: there are no others here. */
async function withGateway(
  options: DevEnvOptions,
  { parts, logger, timed }: { parts: Parts; logger: Logger; timed: EdgeSiteOptions['timed'] },
): Promise<DevEnvOptions> {
  const isWanted = options.gateway ?? hasSockets(options.config);
  if (!isWanted) return options;
  const LOG_LEVEL = logger.level as 'info';
  const settings = readSettings({ GATEWAY_THREADS: 1, GATEWAY_PRIVATE_AGENTS: 'allow', LOG_LEVEL });
  const gateway = parts.use(await timed('agent gateway started', () => startGateway(settings, { logger })));
  return { ...options, edgeSettings: { TRUNKLINE_GATEWAYS: gateway.url, ...options.edgeSettings } };
}

const hasSockets = (config: RoutingConfigInput | undefined) =>
  Object.values(config?.agents ?? {}).some(({ targets }) => targets.some((target) => 'websocket' in target));

const idsOf = (edges = 1): readonly [string, ...string[]] => [
  'edge-1',
  ...Array.from({ length: edges - 1 }, (_, index) => `edge-${index + 2}`),
];

/** Steps of the first edge are told without its name: most environments have no other. */
function siteOptions(
  { sipPort = 0, httpPort = 0, mediaPorts, edge = 'here', ...shared }: DevEnvOptions,
  { index, timed, ...place }: SitePlace,
): EdgeSiteOptions {
  const starters = { here: startEdgeHere, process: startEdgeProcess, none: undefined };
  return {
    ...shared,
    ...place,
    ...(mediaPorts && index === 0 ? { mediaPorts } : {}),
    start: starters[edge],
    sipPort: sipPort && sipPort + 2 * index,
    httpPort: httpPort && httpPort + index,
    timed: (step, work) => timed(index === 0 ? step : `${step} for ${place.id}`, work),
  };
}

type SitePlace = Pick<EdgeSiteOptions, 'id' | 'cloud' | 'dataDir' | 'logger' | 'timed'> & {
  readonly index: number;
};

async function bootCloud(
  { dataDir: kept, onEvent, edges, secrets = {}, stack = {}, apps = [], metered = false }: DevEnvOptions,
  dataDir: string,
  logger: Logger,
  timed: EdgeSiteOptions['timed'],
): Promise<LocalCloud> {
  const ids = edges === undefined || edges === 1 ? {} : { edges: [...idsOf(edges)] };
  const assembly = await timed('template synthesized', () => synthesizeOnce({ ...stack, ...ids }));
  const cloud = await timed('local cloud booted from the template', () =>
    bootLocalCloud({
      ...{ assemblies: [assembly, ...apps], logger, secrets, metered },
      ...(kept === undefined ? {} : { dataDir: join(dataDir, 'tables') }),
      ...(onEvent ? { onEvent } : {}),
    }),
  );
  // While the rest starts, so that the first call is decided as fast as the second.
  cloud.warm();
  return cloud;
}

const steps =
  (onStep: DevEnvOptions['onStep']) =>
  async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await work();
    onStep?.(name, performance.now() - started);
    return result;
  };

async function temporaryFolder(parts: Parts): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-'));
  parts.use({ [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) });
  return folder;
}
