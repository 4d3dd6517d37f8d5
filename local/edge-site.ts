import { join } from 'node:path';
import type { Logger } from 'pino';
import { Parts } from '../edge-node/parts.ts';
import type { EdgeEnvironment } from '../edge-node/settings.ts';
import { outputs } from '../lib/outputs.ts';
import type { LocalCloud } from './cloud/local-cloud.ts';
import type { SipTls } from './drachtio/drachtio-config.ts';
import { chooseSipServer, type SipServerHandle } from './drachtio/start-sip-server.ts';
import { type EdgeHandle, type StartEdge, startEdgeProcess } from './edge-handle.ts';
import { freePort } from './free-ports.ts';
import { type Rtpengine, startRtpengine } from './rtpengine/start-rtpengine.ts';

export interface EdgeSiteOptions {
  /** One of the stack's edges: its queue is there. */
  readonly id: string;
  readonly cloud: LocalCloud;
  readonly dataDir: string;
  /** Undefined: everything but the edge itself. */
  readonly start: StartEdge | undefined;
  readonly edgeSettings?: Partial<EdgeEnvironment>;
  readonly sipPort?: number;
  readonly sipServer?: 'auto' | 'embedded';
  /** With a certificate the SIP server takes TLS, one port above its SIP port where that is not 0. */
  readonly tls?: SipTls;
  readonly httpPort?: number;
  readonly mediaTimeoutSeconds?: number;
  readonly rtpengines?: number;
  readonly mediaPorts?: { readonly min: number; readonly max: number };
  readonly logger: Logger;
  readonly timed: <T>(step: string, work: () => Promise<T>) => Promise<T>;
}

/** The machine of one edge: the edge, its SIP server and its rtpengines, which no other edge uses. */
export interface EdgeSite extends AsyncDisposable {
  readonly id: string;
  readonly sip: SipServerHandle['sip'];
  readonly sipServer: SipServerHandle;
  readonly rtpengines: readonly [Rtpengine, ...Rtpengine[]];
  readonly environment: EdgeEnvironment;
  /** @throws Error where the site has no edge. */
  readonly edge: EdgeHandle;
  /** Starts the edge anew: with the same identity, data and addresses, in a process of its own. */
  restartEdge(): Promise<EdgeHandle>;
  /** Ends edge, rtpengines and SIP server at once. Only for an edge in a process of its own. */
  cutPower(): Promise<void>;
  /** All of it anew, with the same addresses for calls. */
  restorePower(): Promise<void>;
  /** Resolves once everything the edge said is on the bus. */
  settled(): Promise<void>;
}

const host = '127.0.0.1';

export async function startEdgeSite(options: EdgeSiteOptions): Promise<EdgeSite> {
  const parts = new Parts();
  try {
    return await raise(options, parts);
  } catch (error) {
    await parts[Symbol.asyncDispose]();
    throw error;
  }
}

async function raise(options: EdgeSiteOptions, parts: Parts): Promise<EdgeSite> {
  const { id, cloud, start, logger, timed } = options;
  const media = await timed('rtpengine started', () => startMedia(options, parts));
  const choice = { use: options.sipServer ?? 'auto', logger };
  const startSipServer = (sipPort: number, port: number) =>
    chooseSipServer({ ...choice, sipPort, ...(options.tls ? { tls: { ...options.tls, port } } : {}) });
  const { sipPort = 0 } = options;
  let sipServer = await timed('SIP server started', () => startSipServer(sipPort, sipPort && sipPort + 1));
  parts.use({ [Symbol.asyncDispose]: async () => sipServer[Symbol.asyncDispose]() });
  const environment = () => environmentOf(options, media.environment, sipServer);
  let edge =
    start && (await timed('edge started', () => start(environment(), identityOf(cloud, id), logger)));
  parts.use({ [Symbol.asyncDispose]: async () => edge?.[Symbol.asyncDispose]() });
  const restartEdge = async () => {
    await edge?.[Symbol.asyncDispose]();
    edge = await startEdgeProcess(environment(), identityOf(cloud, id), logger);
    return edge;
  };
  return {
    ...{ id, sip: sipServer.sip, rtpengines: media.rtpengines, restartEdge },
    get sipServer() {
      return sipServer;
    },
    get environment() {
      return environment();
    },
    get edge() {
      if (!edge) throw new Error('this environment was created without an edge');
      return edge;
    },
    async cutPower() {
      // The edge first: it must not live to see the others go.
      await edge?.kill9();
      await Promise.all([sipServer[Symbol.asyncDispose](), ...media.rtpengines.map((each) => each.kill())]);
    },
    async restorePower() {
      for (const rtpengine of media.rtpengines) await rtpengine.restart();
      sipServer = await startSipServer(sipServer.sip.port, sipServer.tls?.port ?? 0);
      await restartEdge();
    },
    async settled() {
      await edge?.settled();
    },
    [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
  };
}

const environmentOf = (
  { cloud, dataDir, edgeSettings, httpPort = 0, id }: EdgeSiteOptions,
  media: Awaited<ReturnType<typeof startMedia>>['environment'],
  { admin }: SipServerHandle,
): EdgeEnvironment => ({
  ...awsFor(cloud, id),
  TRUNKLINE_EDGE_ID: id,
  TRUNKLINE_DATA_DIR: join(dataDir, id),
  TRUNKLINE_HTTP: `${host}:${httpPort}`,
  TRUNKLINE_DRAIN_SECONDS: 2,
  DRACHTIO_HOST: admin.host,
  DRACHTIO_PORT: admin.port,
  DRACHTIO_SECRET: admin.secret,
  ...media,
  LOG_LEVEL: 'warn',
  ...edgeSettings,
});

async function startMedia(options: EdgeSiteOptions, parts: Parts) {
  const [dtmfPort, b2bPort] = [await freePort(), await freePort()];
  const { logger, mediaTimeoutSeconds: timeoutSeconds = 60 } = options;
  const engine = { dtmfPort, b2bPort, logger, timeoutSeconds };
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

/** An edge is whoever has its policy, and may do no more. */
const identityOf = (cloud: LocalCloud, id: string) => ({
  ...cloud.env,
  AWS_ACCESS_KEY_ID: cloud.accessKeyOf(cloud.outputs[outputs.edgePolicyArn(id)] ?? ''),
});

const awsFor = (cloud: LocalCloud, id: string, { env, outputs: said } = cloud) => ({
  ...identityOf(cloud, id),
  AWS_REGION: env['AWS_REGION'] ?? '',
  TRUNKLINE_BUS: said[outputs.busName] ?? '',
  TRUNKLINE_QUEUE_URL: said[outputs.edgeQueueUrl(id)] ?? '',
  TRUNKLINE_CONFIG_TABLE: said[outputs.configTable] ?? '',
  TRUNKLINE_FLEET_TABLE: said[outputs.fleetTable] ?? '',
  TRUNKLINE_REGISTRATIONS_TABLE: said[outputs.registrationsTable] ?? '',
});
