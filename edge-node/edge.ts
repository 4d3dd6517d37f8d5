import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import type { EdgeRef } from '../contracts/envelope.ts';
import type { FleetRow } from '../contracts/tables.ts';
import { createEmf } from '../core/emf.ts';
import { type AgentGateways, agentGateways } from './adapters/agent-gateway.ts';
import type { AwsIdentity } from './adapters/aws-client.ts';
import { configTable } from './adapters/config-table.ts';
import { openDns } from './adapters/dns.ts';
import { eventBridgeBus } from './adapters/event-bridge.ts';
import { fleetTable } from './adapters/fleet-table.ts';
import { registrationsTable } from './adapters/registrations-table.ts';
import { openSecrets } from './adapters/secrets.ts';
import { sqsInbox } from './adapters/sqs-inbox.ts';
import { systemClock } from './clock.ts';
import { createCommandDesk } from './commands/commands.ts';
import { createMessageDoor } from './commands/inbox.ts';
import { createDecisionDesk, type DecisionDesk } from './decisions/desk.ts';
import { startSnapshot } from './decisions/snapshot.ts';
import { startEmfWriter } from './health/emf-writer.ts';
import { startHealthServer } from './health/health-server.ts';
import { startHeartbeat } from './health/heartbeat.ts';
import { createMetrics, type ExposedMetrics } from './health/metrics.ts';
import { type MediaPool, startMediaPool } from './media/pool.ts';
import { promptsIn } from './media/prompts.ts';
import { createNarrator, type Narrator } from './narrator.ts';
import { startOutbox } from './outbox/outbox.ts';
import { Parts } from './parts.ts';
import type { Clock, LiveCalls, Outbox, RoutingSnapshot } from './ports.ts';
import type { EdgeSettings } from './settings.ts';
import { spendFile } from './signaling/guard/spend-file.ts';
import { openSpending } from './signaling/guard/spending.ts';
import { type Signaling, startSignaling } from './signaling/signaling.ts';

const software = 'trunkline/0.1.0';

/** A running edge. Disposing ends the calls that are up; {@link Edge.drain} first lets them finish. */
export interface Edge extends AsyncDisposable {
  /** Address of /live, /ready, /metrics and /media. */
  readonly http: { readonly host: string; readonly port: number };
  readonly calls: LiveCalls;
  /** Resolves once the calls that are over have said so, and everything said is on the bus. */
  settled(): Promise<void>;
  /** Takes no new calls, gives those that are up `drainSeconds`, then ends them with BYE. */
  drain(): Promise<void>;
}

export interface EdgeOptions extends AwsIdentity {
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** What every part of this edge shares. */
interface Ground {
  readonly settings: EdgeSettings;
  readonly edge: EdgeRef;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: ExposedMetrics;
  readonly parts: Parts;
  readonly identity: AwsIdentity;
}

/** Everything but the SIP side: it must stand before the first INVITE comes. */
interface Backplane {
  readonly outbox: Outbox;
  readonly snapshot: RoutingSnapshot;
  readonly media: MediaPool;
  readonly agents: AgentGateways;
  readonly decisions: DecisionDesk;
  readonly narrator: Narrator;
  /** What a new call needs, and whether it is there. */
  readonly readiness: () => Readonly<Record<string, boolean>>;
}

/** Joins the parts of an edge in the order in which they need each other; they are stopped in reverse. */
export async function startEdge(settings: EdgeSettings, options: EdgeOptions = {}): Promise<Edge> {
  const clock = options.clock ?? systemClock;
  const logger = (options.logger ?? pino({ level: settings.logLevel })).child({ edge: settings.edgeId });
  const edge = { id: settings.edgeId, region: settings.region, epoch: clock.now() };
  const parts = new Parts();
  let backplane: Backplane | undefined;
  let signaling: Signaling | undefined;
  const metrics = createMetrics(() => gaugesOf(backplane, signaling));
  const identity = { credentials: options.credentials };
  const ground: Ground = { settings, edge, clock, logger, metrics, parts, identity };
  try {
    backplane = await startBackplane(ground);
    signaling = await takeCalls(ground, backplane);
    return await announce(ground, backplane, signaling);
  } catch (error) {
    await parts[Symbol.asyncDispose]();
    throw error;
  }
}

async function startBackplane({ identity, ...ground }: Ground): Promise<Backplane> {
  const { settings, edge, clock, logger, metrics, parts } = ground;
  const { dataDir, queueUrl } = settings;
  await mkdir(dataDir, { recursive: true });
  const bus = eventBridgeBus({ busName: settings.busName, tracedShare: settings.tracedShare, ...identity });
  const journal = { dir: join(dataDir, 'outbox'), maxBytes: settings.outboxBytes };
  const outbox = parts.use(await startOutbox({ ...journal, bus, clock, logger }));
  const source = configTable({ tableName: settings.configTable, ...identity });
  const copy = { file: join(dataDir, 'routing.json'), everyMs: settings.snapshotMs };
  const snapshot = parts.use(await startSnapshot({ ...copy, source, clock, logger }));
  const media = parts.use(await startMediaPool(settings.media, { clock, metrics, logger }));
  const agents = parts.use(agentGateways({ ...settings.gateways, clock, logger }));
  return {
    ...{ outbox, snapshot, media, agents },
    decisions: createDecisionDesk({ clock, snapshot, metrics }),
    narrator: createNarrator({ edge, replyTo: queueUrl, outbox, metrics, clock }),
    readiness: () => ({
      routing: snapshot.current() !== undefined,
      rtpengine: media.healthy(),
      outbox: !outbox.backlog().full,
    }),
  };
}

/** Connects the SIP server, then the queue through which decisions and commands come back. */
async function takeCalls(
  ground: Ground,
  { readiness, outbox: _outbox, ...backplane }: Backplane,
): Promise<Signaling> {
  const { settings, clock, logger, metrics, parts, identity } = ground;
  const { sipServer, limits, decisionMs, queueUrl, heartbeatMs } = settings;
  const tables = {
    fleet: fleetTable({ tableName: settings.fleetTable, ...identity }),
    registrationsTable: registrationsTable({ tableName: settings.registrationsTable, ...identity }),
    heartbeatMs,
  };
  const ready = () => Object.values(readiness()).every(Boolean);
  const dns = parts.use(openDns(settings.dns));
  const shared = { clock, logger, metrics, dns, secrets: openSecrets({ clock, logger, ...identity }) };
  const { snapshot, narrator } = backplane;
  const prompts = promptsIn(settings.promptsDir);
  const store = spendFile(join(settings.dataDir, 'spend.json'), logger);
  const spending = parts.use(await openSpending({ store, snapshot, narrator, clock, logger }));
  const signaling = parts.use(
    await startSignaling({
      ...backplane,
      ...shared,
      ...tables,
      prompts,
      spending,
      sipServer,
      limits,
      decisionMs,
      ready,
    }),
  );
  const commands = createCommandDesk({
    ...{ calls: signaling.calls, originate: signaling.originate, clock, metrics },
    refuse: (callId, refusal) => backplane.narrator.sayFor(callId, 'command.refused', refusal),
  });
  const { deliver } = backplane.decisions;
  const door = createMessageDoor({ decision: deliver, command: commands.handle, metrics, logger });
  parts.use(sqsInbox({ queueUrl, logger, ...identity }).listen(door));
  return signaling;
}

/** Tells the fleet, the load balancer and the bus that this edge is here. */
async function announce(
  ground: Ground,
  { narrator, outbox, media, readiness }: Backplane,
  signaling: Signaling,
): Promise<Edge> {
  const { settings, clock, logger, metrics, parts, identity } = ground;
  const register = fleetTable({ tableName: settings.fleetTable, ...identity });
  const beat = { row: () => fleetRow(ground, signaling), everyMs: settings.heartbeatMs };
  parts.use(await startHeartbeat({ ...beat, register, clock, logger }));
  const ready = () => partsOf(readiness, signaling);
  startMetricsLog(ground);
  const http = parts.use(
    await startHealthServer({
      ...settings.http,
      ready,
      metrics,
      media,
      trunks: signaling.trunks,
    }),
  );
  const contacts = [...signaling.link.contacts];
  narrator.say('edge.started', { software, contacts });
  logger.info({ contacts, http: `${http.host}:${http.port}` }, 'the edge takes calls');
  return {
    http,
    calls: signaling.calls,
    async settled() {
      await signaling.settled();
      await outbox.settled();
    },
    async drain() {
      logger.info({ calls: signaling.calls.size }, 'draining');
      narrator.say('edge.draining', { calls: signaling.calls.size });
      const { ended } = await signaling.drain(settings.drainSeconds * 1000);
      narrator.say('edge.stopped', { endedCalls: ended });
    },
    [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
  };
}

/** Every part that a new call needs, and whether it is there. */
const partsOf = (readiness: Backplane['readiness'], signaling: Signaling) => ({
  ...readiness(),
  sipServer: signaling.link.connected(),
  accepting: !signaling.draining,
});

const isReady = (backplane: Backplane | undefined, signaling: Signaling) =>
  backplane !== undefined && Object.values(partsOf(backplane.readiness, signaling)).every(Boolean);

/** For CloudWatch, which reads what this process prints. */
function startMetricsLog({ settings, edge, clock, logger, metrics, parts }: Ground): void {
  const { everyMs, fleet } = settings.emf;
  if (everyMs === 0) return;
  const emf = createEmf({ fleet, own: { edge: edge.id } });
  const tell = async () => emf(await metrics.registry.getMetricsAsJSON(), clock.now());
  const write = (line: string) => void process.stdout.write(`${line}\n`);
  parts.use(startEmfWriter({ tell, everyMs, write, clock, logger }));
}

function gaugesOf(backplane: Backplane | undefined, signaling: Signaling | undefined) {
  const backlog = backplane?.outbox.backlog() ?? { depth: 0, oldestMs: 0, dropped: 0 };
  return {
    calls: signaling?.calls.size ?? 0,
    callsEnding: signaling?.ending ?? 0,
    outboxEvents: backlog.depth,
    outboxOldestSeconds: backlog.oldestMs / 1000,
    outboxDropped: backlog.dropped,
    rtpengines: backplane?.media.engines() ?? [],
    gateways: { known: backplane?.agents.known ?? 0, up: backplane?.agents.up ?? 0 },
    ready: signaling !== undefined && isReady(backplane, signaling),
    sipServerUp: signaling?.link.connected() ?? false,
    sipDialogs: signaling?.link.dialogs() ?? 0,
    trunks: signaling?.trunkGauges() ?? [],
    registrations: signaling?.registrations() ?? [],
    bindings: signaling?.bindings() ?? [],
    lostDigits: async () => backplane?.media.lostDigits(),
  };
}

/** DynamoDB may delete the row this long after the last beat; the reaper must have seen it stale before, s. */
const ROW_KEPT_SECONDS = 86_400;

const fleetRow = ({ settings, edge, clock }: Ground, signaling: Signaling): FleetRow => ({
  edgeId: edge.id,
  region: edge.region,
  epoch: edge.epoch,
  queueUrl: settings.queueUrl,
  contacts: signaling.link.contacts,
  calls: signaling.calls.size,
  draining: signaling.draining,
  heartbeatAt: clock.now(),
  ttl: Math.floor(clock.now() / 1000) + ROW_KEPT_SECONDS,
});
