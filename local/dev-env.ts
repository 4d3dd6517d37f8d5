import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import type { RoutingConfigInput } from '../contracts/config.ts';
import type { CallState } from '../core/call-state.ts';
import { Parts } from '../edge-node/parts.ts';
import type { EdgeEnvironment } from '../edge-node/settings.ts';
import { type BusEvent, bootLocalCloud, type LocalCloud } from './cloud/local-cloud.ts';
import { synthesizeOnce } from './cloud/synthesize.ts';
import { chooseSipServer, type SipServerHandle } from './drachtio/start-sip-server.ts';
import { type EdgeHandle, startEdgeHere, startEdgeProcess } from './edge-handle.ts';
import { freePort } from './free-ports.ts';
import { type CallReport, type PlacedCall, placeCall } from './phone/phones.ts';
import { type Rtpengine, startRtpengine } from './rtpengine/start-rtpengine.ts';
import { openStateTables, type StateTables } from './state-tables.ts';

export interface DevEnvOptions {
  readonly config: RoutingConfigInput;
  /** In this process (default), as a process of its own, or none. */
  readonly edge?: 'here' | 'process' | 'none';
  readonly edgeSettings?: Partial<EdgeEnvironment>;
  readonly sipPort?: number;
  readonly sipServer?: 'auto' | 'embedded';
  /** Port of /live, /ready and /metrics. */
  readonly httpPort?: number;
  /** Keeps tables and journal there; without it they go when this ends. */
  readonly dataDir?: string;
  readonly logger?: Logger;
  readonly onEvent?: (event: BusEvent) => void;
  /** Told as each part stands, with the time it took in ms. */
  readonly onStep?: (step: string, ms: number) => void;
  readonly mediaTimeoutSeconds?: number;
  /** How many rtpengines; default 1. */
  readonly rtpengines?: number;
  /** RTP ports of the first rtpengine: a call takes four. Default 2,000, which each further one has, too. */
  readonly mediaPorts?: { readonly min: number; readonly max: number };
}

/** The whole platform on this machine. Real parts: only AWS is emulated, from the very template that is deployed. */
export interface DevEnv extends AsyncDisposable {
  readonly cloud: LocalCloud;
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

const host = '127.0.0.1';

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

async function boot(options: DevEnvOptions, parts: Parts): Promise<DevEnv> {
  const logger = options.logger ?? pino({ level: process.env['TRUNKLINE_TEST_LOG'] ?? 'silent' });
  const timed = steps(options.onStep);
  const dataDir = options.dataDir ?? (await temporaryFolder(parts));
  const cloud = parts.use(await bootCloud(options, dataDir, logger, timed));
  const state = parts.use(openStateTables(cloud));
  await timed('configuration pushed', () => state.pushConfig(options.config));

  const media = await timed('rtpengine started', () => bootMedia(options, parts, logger));
  const choice = { use: options.sipServer ?? 'auto', sipPort: options.sipPort ?? 0, logger };
  const sipServer = parts.use(await timed('SIP server started', () => chooseSipServer(choice)));

  const edgeEnvironment: EdgeEnvironment = {
    ...awsFor(cloud),
    TRUNKLINE_EDGE_ID: 'edge-1',
    TRUNKLINE_DATA_DIR: join(dataDir, 'edge-1'),
    TRUNKLINE_HTTP: `${host}:${options.httpPort ?? 0}`,
    TRUNKLINE_DRAIN_SECONDS: 2,
    DRACHTIO_HOST: sipServer.admin.host,
    DRACHTIO_PORT: sipServer.admin.port,
    DRACHTIO_SECRET: sipServer.admin.secret,
    ...media.environment,
    LOG_LEVEL: 'warn',
    ...options.edgeSettings,
  };
  const starters = { here: startEdgeHere, process: startEdgeProcess, none: undefined };
  const start = starters[options.edge ?? 'here'];
  let edge = start && (await timed('edge started', () => start(edgeEnvironment, cloud.env, logger)));
  parts.use({ [Symbol.asyncDispose]: async () => edge?.[Symbol.asyncDispose]() });

  return {
    ...{ cloud, sip: sipServer.sip, sipServer, state, edgeEnvironment },
    ...{ rtpengine: media.rtpengines[0], rtpengines: media.rtpengines },
    get edge() {
      if (!edge) throw new Error('this environment was created without an edge');
      return edge;
    },
    async restartEdge() {
      await edge?.[Symbol.asyncDispose]();
      edge = await startEdgeProcess(edgeEnvironment, cloud.env, logger);
      return edge;
    },
    call: (call) => placeCall({ ...call, via: sipServer.sip, logger }),
    events: (prefix = '') => cloud.events().filter((event) => event['detail-type'].startsWith(prefix)),
    calls: () => state.calls(),
    async settled() {
      // An event may cause another one: quiet is when the bus said nothing new while all was drained.
      for (let said = -1; said !== cloud.usage().events; ) {
        said = cloud.usage().events;
        await edge?.settled();
        await cloud.settled();
      }
    },
    [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
  };
}

type Timed = ReturnType<typeof steps>;

async function bootCloud(
  { dataDir: kept, onEvent }: DevEnvOptions,
  dataDir: string,
  logger: Logger,
  timed: Timed,
): Promise<LocalCloud> {
  const assembly = await timed('template synthesized', () => synthesizeOnce());
  const cloud = await timed('local cloud booted from the template', () =>
    bootLocalCloud({
      ...{ assembly, logger },
      ...(kept === undefined ? {} : { dataDir: join(dataDir, 'tables') }),
      ...(onEvent ? { onEvent } : {}),
    }),
  );
  // While the rest starts, so that the first call is decided as fast as the second.
  cloud.warm();
  return cloud;
}

async function bootMedia(options: DevEnvOptions, parts: Parts, logger: Logger) {
  const [dtmfPort, b2bPort] = [await freePort(), await freePort()];
  const engine = { dtmfPort, b2bPort, logger, timeoutSeconds: options.mediaTimeoutSeconds ?? 60 };
  const first = options.mediaPorts ? { ports: options.mediaPorts } : {};
  const rtpengines: [Rtpengine, ...Rtpengine[]] = [parts.use(await startRtpengine({ ...engine, ...first }))];
  while (rtpengines.length < (options.rtpengines ?? 1)) {
    rtpengines.push(parts.use(await startRtpengine(engine)));
  }
  const environment = {
    RTPENGINE_NG: rtpengines.map(({ ng }) => `${ng.host}:${ng.port}`).join(','),
    RTPENGINE_DTMF_LISTEN: `${host}:${dtmfPort}`,
    RTPENGINE_B2B_LISTEN: `${host}:${b2bPort}`,
    RTPENGINE_RECORDING_DIR: rtpengines.map(({ recordingDir }) => recordingDir).join(','),
  };
  return { rtpengines, environment };
}

const awsFor = ({ env, outputs }: LocalCloud) => ({
  ...env,
  AWS_REGION: env['AWS_REGION'] ?? '',
  TRUNKLINE_BUS: outputs['BusName'] ?? '',
  TRUNKLINE_QUEUE_URL: outputs['EdgeQueueUrlEdge1'] ?? '',
  TRUNKLINE_CONFIG_TABLE: outputs['ConfigTable'] ?? '',
  TRUNKLINE_FLEET_TABLE: outputs['FleetTable'] ?? '',
});

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
