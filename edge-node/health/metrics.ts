import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { TrunklineEvent } from '../../contracts/events.ts';
import type { Metrics } from '../ports.ts';
import { digitMetrics } from './digit-metrics.ts';
import { mediaMetrics } from './media-metrics.ts';
import { type BindingGauges, type RegistrationGauges, registrationMetrics } from './registration-metrics.ts';
import { createTrunkMetrics, type TrunkGauges } from './trunk-metrics.ts';

/** What the edge is asked for at the moment of a scrape. */
export interface Gauges {
  readonly calls: number;
  /** Over, but the last event is not yet said. */
  readonly callsEnding: number;
  readonly outboxEvents: number;
  readonly outboxOldestSeconds: number;
  readonly outboxDropped: number;
  readonly rtpengines: readonly {
    /** HOST:PORT, as in the settings. */
    readonly engine: string;
    readonly state: 'up' | 'suspect' | 'dead';
    readonly draining: boolean;
    readonly full: boolean;
    readonly sessions: number;
  }[];
  /** Of agents over WebSockets: that the edge was told of, and that take sessions. */
  readonly gateways: { readonly known: number; readonly up: number };
  /** Takes calls. */
  readonly ready: boolean;
  readonly sipServerUp: boolean;
  readonly sipDialogs: number;
  readonly trunks: readonly TrunkGauges[];
  readonly registrations: readonly RegistrationGauges[];
  readonly bindings: readonly BindingGauges[];
  /** Undefined where nobody knows. */
  lostDigits(): Promise<number | undefined>;
}

export interface ExposedMetrics extends Metrics {
  readonly contentType: string;
  /** Prometheus text format. */
  text(): Promise<string>;
  readonly registry: Registry;
}

const DOOR_LABELS: ('method' | 'reason' | 'outcome')[] = ['method', 'reason', 'outcome'];
const SETUP_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const REQUEST_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.7];

/** Counters of one edge in a registry of their own. Labels come from closed sets: never a call, a number or an address of a peer. */
export function createMetrics(gauges: () => Gauges): ExposedMetrics {
  const registry = new Registry();
  const { counter, histogram } = makersFor(registry);
  const events = counter('events_total', 'Events said by this edge', ['type']);
  const ended = counter('calls_ended_total', 'Calls that ended, by reason and by who is to blame', [
    'reason',
    'blame',
  ]);
  const messages = counter('queue_messages_total', 'Messages of the queue by their outcome', [
    'kind',
    'outcome',
  ]);
  const refused = counter('invites_refused_total', 'INVITEs refused before they were calls', ['reason']);
  const turnedAway = counter('requests_turned_away_total', 'Requests turned away at the door', DOOR_LABELS);
  const setup = histogram('setup_seconds', 'INVITE received to 200 sent', [], SETUP_BUCKETS);
  const decision = histogram(
    'decision_wait_seconds',
    'Wait for the routing decision',
    ['source'],
    SETUP_BUCKETS,
  );
  const media = histogram(
    'rtpengine_request_seconds',
    'Requests to rtpengine',
    ['command', 'outcome'],
    REQUEST_BUCKETS,
  );
  const trunks = createTrunkMetrics(registry, () => gauges().trunks);
  gaugesOf(registry, gauges);
  const observers = [
    registrationMetrics(registry, gauges),
    mediaMetrics(registry),
    digitMetrics(registry, () => gauges().lostDigits()),
  ];

  const observeCall = (event: TrunklineEvent) => {
    if (event.type === 'call.ended') ended.inc({ reason: event.reason, blame: event.blame });
    else if (event.type === 'call.answered') setup.observe(event.setupMs / 1000);
    else if (event.type === 'call.routed') decision.observe({ source: event.source }, event.waitMs / 1000);
  };
  return {
    observe(event: TrunklineEvent) {
      events.inc({ type: event.type });
      trunks.observe(event);
      for (const observe of [...observers, observeCall]) observe(event);
    },
    message: (kind, outcome) => messages.inc({ kind, outcome }),
    mediaRequest: (command, outcome, seconds) => media.observe({ command, outcome }, seconds),
    refused: (reason) => refused.inc({ reason }),
    turnedAway: (method, reason, outcome) => turnedAway.inc({ method, reason, outcome }),
    invite: trunks.invite,
    contentType: registry.contentType,
    registry,
    text: () => registry.metrics(),
  };
}

function makersFor(registry: Registry) {
  const registers = [registry];
  return {
    counter: <L extends string>(name: string, help: string, labelNames: L[]) =>
      new Counter({ name: `trunkline_${name}`, help, labelNames, registers }),
    histogram: <L extends string>(name: string, help: string, labelNames: L[], buckets: number[]) =>
      new Histogram({ name: `trunkline_${name}`, help, labelNames, buckets, registers }),
  };
}

function gaugesOf(registry: Registry, gauges: () => Gauges): void {
  collectDefaultMetrics({ register: registry });
  gaugesOfEngines(registry, gauges);
  new Gauge({
    name: 'trunkline_gateways_up',
    help: 'Gateways of agents that take sessions; nothing where the edge was told of none',
    registers: [registry],
    collect() {
      const { known, up } = gauges().gateways;
      if (known > 0) this.set(up);
      else this.remove({});
    },
  });
  const gauge = (name: string, help: string, read: (now: Gauges) => number) =>
    new Gauge({
      name: `trunkline_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read(gauges()));
      },
    });
  gauge('calls_active', 'Calls that are up', (now) => now.calls);
  gauge('calls_ending', 'Calls that are over and have not said so yet', (now) => now.callsEnding);
  gauge('outbox_events', 'Events not yet on the bus', (now) => now.outboxEvents);
  gauge(
    'outbox_oldest_seconds',
    'Age of the oldest event not yet on the bus',
    (now) => now.outboxOldestSeconds,
  );
  gauge('outbox_dropped', 'Events dropped because the journal was full', (now) => now.outboxDropped);
  gauge('sip_dialogs', 'SIP dialogs: two of each call that is up', (now) => now.sipDialogs);
  gauge('edge_ready', 'Whether this edge takes calls', (now) => Number(now.ready));
  gauge('sip_server_up', 'Whether the SIP server is connected', (now) => Number(now.sipServerUp));
}

function gaugesOfEngines(registry: Registry, gauges: () => Gauges): void {
  type Engine = Gauges['rtpengines'][number];
  const gauge = (name: string, help: string, read: (engine: Engine) => number) =>
    new Gauge({
      name: `trunkline_rtpengine_${name}`,
      help,
      labelNames: ['engine'],
      registers: [registry],
      collect() {
        for (const engine of gauges().rtpengines) this.set({ engine: engine.engine }, read(engine));
      },
    });
  gauge('up', 'Whether this rtpengine is up: 0 for one that is suspect or dead', ({ state }) =>
    Number(state === 'up'),
  );
  gauge('draining', 'Whether this rtpengine takes no new calls by order', ({ draining }) => Number(draining));
  gauge('full', 'Whether this rtpengine has refused a call for want of room', ({ full }) => Number(full));
  gauge('sessions', 'Calls of this edge on this rtpengine', ({ sessions }) => sessions);
}
