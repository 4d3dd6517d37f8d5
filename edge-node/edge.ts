import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import type { EdgeRef } from '../contracts/envelope.ts';
import type { FleetRow } from '../contracts/tables.ts';
import { configTable } from './adapters/config-table.ts';
import { eventBridgeBus } from './adapters/event-bridge.ts';
import { fleetTable } from './adapters/fleet-table.ts';
import { sqsInbox } from './adapters/sqs-inbox.ts';
import { systemClock } from './clock.ts';
import { createCommandDesk } from './commands/commands.ts';
import { createMessageDoor } from './commands/inbox.ts';
import { createDecisionDesk } from './decisions/desk.ts';
import { startSnapshot } from './decisions/snapshot.ts';
import { startHealthServer } from './health/health-server.ts';
import { startHeartbeat } from './health/heartbeat.ts';
import { createMetrics } from './health/metrics.ts';
import { startMediaEngine } from './media/engine.ts';
import { createNarrator } from './narrator.ts';
import { startOutbox } from './outbox/outbox.ts';
import { Parts } from './parts.ts';
import type { Clock, LiveCalls, MediaEngine, Outbox, RoutingSnapshot } from './ports.ts';
import type { EdgeSettings } from './settings.ts';
import { type Signaling, startSignaling } from './signaling/signaling.ts';

const software = 'trunkline/0.1.0';

/** A running edge. Disposing ends the calls that are up; {@link Edge.drain} first lets them finish. */
export interface Edge extends AsyncDisposable {
  /** Address of /live, /ready and /metrics. */
  readonly http: { readonly host: string; readonly port: number };
  readonly calls: LiveCalls;
  /** Resolves once everything said so far is on the bus. */
  settled(): Promise<void>;
  /** Takes no new calls, gives those that are up `drainSeconds`, then ends them with BYE. */
  drain(): Promise<void>;
}

export interface EdgeOptions {
  readonly logger?: Logger;
  readonly clock?: Clock;
}

/** Everything but the SIP side: it must stand before the first INVITE comes. */
interface Backplane {
  readonly outbox: Outbox;
  readonly snapshot: RoutingSnapshot;
  readonly media: MediaEngine;
}

/** Joins the parts of an edge in the order in which they need each other; they are stopped in reverse. */
export async function startEdge(settings: EdgeSettings, options: EdgeOptions = {}): Promise<Edge> {
  const clock = options.clock ?? systemClock;
  const logger = (options.logger ?? pino({ level: settings.logLevel })).child({ edge: settings.edgeId });
  const parts = new Parts();
  try {
    return await joinParts(settings, clock, logger, parts);
  } catch (error) {
    await parts[Symbol.asyncDispose]();
    throw error;
  }
}

async function joinParts(settings: EdgeSettings, clock: Clock, logger: Logger, parts: Parts): Promise<Edge> {
  const edge: EdgeRef = { id: settings.edgeId, region: settings.region, epoch: clock.now() };
  let signaling: Signaling | undefined;
  let backplane: Backplane | undefined;
  const metrics = createMetrics(() => gaugesOf(backplane, signaling));

  await mkdir(settings.dataDir, { recursive: true });
  const bus = eventBridgeBus({ busName: settings.busName });
  const outboxDir = join(settings.dataDir, 'outbox');
  const outbox = parts.use(
    await startOutbox({ dir: outboxDir, bus, clock, logger, maxBytes: settings.outboxBytes }),
  );
  const file = join(settings.dataDir, 'routing.json');
  const source = configTable({ tableName: settings.configTable });
  const snapshot = parts.use(
    await startSnapshot({ source, clock, logger, file, everyMs: settings.snapshotMs }),
  );
  const media = parts.use(await startMediaEngine(settings.media, clock, metrics));
  backplane = { outbox, snapshot, media };

  const narrator = createNarrator({ edge, replyTo: settings.queueUrl, outbox, metrics, clock });
  const decisions = createDecisionDesk({ clock, snapshot, metrics });
  const readiness = () => ({
    routing: snapshot.current() !== undefined,
    rtpengine: media.healthy(),
    outbox: !outbox.backlog().full,
  });
  const ready = () => Object.values(readiness()).every(Boolean);
  const running = parts.use(
    await startSignaling({
      ...{ media, decisions, snapshot, narrator, metrics, clock, logger, ready },
      sipServer: settings.sipServer,
      limits: settings.limits,
      decisionMs: settings.decisionMs,
    }),
  );
  signaling = running;

  const commands = createCommandDesk({
    ...{ calls: running.calls, clock, metrics },
    refuse: (callId, refusal) => narrator.sayFor(callId, 'command.refused', refusal),
  });
  const door = createMessageDoor({ decision: decisions.deliver, command: commands.handle, metrics, logger });
  parts.use(sqsInbox({ queueUrl: settings.queueUrl, logger }).listen(door));
  const register = fleetTable({ tableName: settings.fleetTable });
  const row = () => fleetRow(settings, edge, running, clock);
  parts.use(await startHeartbeat({ register, row, everyMs: settings.heartbeatMs, clock, logger }));
  const reachable = () => ({
    ...readiness(),
    sipServer: running.link.connected(),
    accepting: !running.draining,
  });
  const http = parts.use(await startHealthServer({ ...settings.http, ready: reachable, metrics }));
  narrator.say('edge.started', { software, contacts: [...running.link.contacts] });
  logger.info({ contacts: running.link.contacts, http: `${http.host}:${http.port}` }, 'the edge takes calls');

  return {
    http,
    calls: running.calls,
    settled: () => outbox.settled(),
    async drain() {
      logger.info({ calls: running.calls.size }, 'draining');
      narrator.say('edge.draining', { calls: running.calls.size });
      const { ended } = await running.drain(settings.drainSeconds * 1000);
      narrator.say('edge.stopped', { endedCalls: ended });
    },
    [Symbol.asyncDispose]: () => parts[Symbol.asyncDispose](),
  };
}

function gaugesOf(backplane: Backplane | undefined, signaling: Signaling | undefined) {
  const backlog = backplane?.outbox.backlog() ?? { depth: 0, oldestMs: 0, dropped: 0 };
  return {
    calls: signaling?.calls.size ?? 0,
    outboxEvents: backlog.depth,
    outboxOldestSeconds: backlog.oldestMs / 1000,
    outboxDropped: backlog.dropped,
    rtpengineUp: backplane?.media.healthy() ?? false,
    sipServerUp: signaling?.link.connected() ?? false,
  };
}

/** DynamoDB may delete the row this long after the last beat; the reaper must have seen it stale before, s. */
const ROW_KEPT_SECONDS = 86_400;

const fleetRow = (settings: EdgeSettings, edge: EdgeRef, signaling: Signaling, clock: Clock): FleetRow => ({
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
