import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { dimensions, edgeMetrics } from '../../../contracts/edge-metrics.ts';
import { createEmf } from '../../../core/emf.ts';
import { startEmfWriter } from '../../../edge-node/health/emf-writer.ts';
import { createMetrics, type Gauges } from '../../../edge-node/health/metrics.ts';
import { createMetrics as createGatewayMetrics } from '../../../gateway/metrics.ts';
import { aDigit, anAnswered, anEnded, aReceivedCall } from '../an-event.ts';
import { heardLogger } from '../heard-logger.ts';
import { type HeldClock, heldClock } from '../held-clock.ts';

const callId = '01KG9YSG98HND80EZFT58SKWPJ';
const NOW = Date.parse('2026-01-31T12:00:00.000Z');

const gauges: Gauges = {
  ...{ calls: 3, callsEnding: 0, outboxEvents: 12, outboxOldestSeconds: 1.5, outboxDropped: 0 },
  rtpengines: [
    { engine: '10.0.0.5:22222', state: 'up', draining: false, full: false, sessions: 7 },
    { engine: '10.0.0.6:22222', state: 'dead', draining: false, full: false, sessions: 0 },
  ],
  gateways: { known: 3, up: 2 },
  ...{ ready: true, sipServerUp: true, sipDialogs: 6 },
  trunks: [
    { trunk: 'carrier', calls: 4, servers: 2, serversUp: 0, capUsed: 0.8 },
    { trunk: 'other', calls: 0, servers: 0, serversUp: 0, capUsed: 0 },
  ],
  registrations: [{ trunk: 'carrier', registered: false }],
  ...{ bindings: [], lostDigits: async () => 0 },
};

/** Rules of the specification of the embedded metric format, in the Amazon CloudWatch User Guide. */
const Line = z.looseObject({
  _aws: z.strictObject({
    Timestamp: z.int().positive(),
    CloudWatchMetrics: z
      .array(
        z.strictObject({
          Namespace: z.string().min(1).max(1024),
          Dimensions: z.array(z.array(z.string().min(1).max(250)).max(30)).length(1),
          Metrics: z
            .array(
              z.strictObject({
                Name: z.string().max(1024),
                Unit: z.enum(['Count', 'Seconds', 'Percent', 'None']),
              }),
            )
            .min(1)
            .max(100),
        }),
      )
      .length(1),
  }),
});
const Value = z.union([
  z.number(),
  z.strictObject({
    Values: z.array(z.number()).min(1).max(100),
    Counts: z.array(z.number().positive()),
    Count: z.number().positive(),
    Sum: z.number(),
    Min: z.number(),
    Max: z.number(),
  }),
]);

interface Told {
  readonly name: string;
  readonly own: Readonly<Record<string, unknown>>;
  readonly value: z.infer<typeof Value>;
}

const aKey = () =>
  aDigit({
    ...{ type: 'dtmf.received', callId, seq: 3, digitId: callId, leg: 'a', digit: '1' },
    ...{ durationMs: 160, mode: 'rfc4733' },
  });

/** Every line is checked; what they tell, metric by metric. */
const read = (lines: readonly string[]): readonly Told[] =>
  lines.flatMap((text) => {
    const line = Line.parse(JSON.parse(text));
    const [{ Dimensions: [keys = []] = [], Metrics = [] } = {}] = line._aws.CloudWatchMetrics;
    const own = Object.fromEntries(keys.map((key) => [key, z.string().min(1).max(1024).parse(line[key])]));
    return Metrics.map(({ Name }) => ({ name: Name, own, value: Value.parse(line[Name]) }));
  });

function anEdge() {
  const metrics = createMetrics(() => gauges);
  const emf = createEmf({ fleet: 'voice', own: { edge: 'edge-1' } });
  const tell = async () => emf(await metrics.registry.getMetricsAsJSON(), NOW);
  return { metrics, tell: async () => read(await tell()) };
}

const tellsOf = (told: readonly Told[], name: string, own: object = {}) =>
  told.find(
    (each) => each.name === name && JSON.stringify(each.own) === JSON.stringify({ Fleet: 'voice', ...own }),
  )?.value;

describe('metrics for CloudWatch', () => {
  test('gauges are told as they stand, by fleet, edge, trunk and engine', async () => {
    const told = await anEdge().tell();
    expect(tellsOf(told, 'CallsInProgress')).toBe(3);
    expect(tellsOf(told, 'CallsInProgress', { Edge: 'edge-1' })).toBe(3);
    expect(tellsOf(told, 'EdgeReady', { Edge: 'edge-1' })).toBe(1);
    expect(tellsOf(told, 'TrunkCalls', { Trunk: 'carrier' })).toBe(4);
    expect(tellsOf(told, 'RtpengineUp')).toBe(1);
    expect(tellsOf(told, 'RtpengineUp', { Edge: 'edge-1', Engine: '10.0.0.6:22222' })).toBe(0);
    expect([tellsOf(told, 'TrunksDown'), tellsOf(told, 'TrunksUnregistered')]).toEqual([1, 1]);
  });

  test('counters are told as what was added since, and not at all where that is nothing', async () => {
    const { metrics, tell } = anEdge();
    metrics.observe(aKey());
    metrics.observe(aKey());
    expect(tellsOf(await tell(), 'Digits', { Stage: 'received' })).toBe(2);
    expect(tellsOf(await tell(), 'Digits', { Stage: 'received' })).toBeUndefined();
    metrics.observe(aKey());
    expect(tellsOf(await tell(), 'Digits', { Stage: 'received' })).toBe(1);
  });

  test('times are told as distributions, each by the end of its bucket', async () => {
    const { metrics, tell } = anEdge();
    for (const seconds of [0.3, 0.4, 2, 99])
      metrics.invite({ kind: 'rang', direction: 'out', trunk: 'carrier', seconds });
    expect(tellsOf(await tell(), 'PostDialDelay', { Trunk: 'carrier' })).toEqual({
      ...{ Values: [0.5, 2, 32], Counts: [2, 1, 1], Count: 4, Min: 0.5, Max: 32 },
      Sum: 0.3 + 0.4 + 2 + 99,
    });
    metrics.invite({ kind: 'rang', direction: 'out', trunk: 'carrier', seconds: 2 });
    const [{ value } = { value: 0 }] = (await tell()).filter(({ name }) => name === 'PostDialDelay');
    expect(value).toMatchObject({ Values: [2], Counts: [1], Count: 1 });
  });

  test('what a side sounded like is told by side, and by the trunk of that side', async () => {
    const { metrics, tell } = anEdge();
    const received = aReceivedCall();
    metrics.observe(received);
    metrics.observe(anAnswered({ callId: received.callId, trunk: 'other' }));
    const side = { packets: 1, bytes: 1, codec: 'PCMU', measuredBy: 'capture' } as const;
    const media = {
      a: { ...side, lossPercent: 2, jitterMs: 4, mos: 4.15 },
      b: { ...side, lossPercent: 0, jitterMs: null, mos: null, latePercent: 3 },
    };
    metrics.observe({ ...anEnded(), callId: received.callId, media });
    const told = await tell();
    expect(tellsOf(told, 'Mos', { Trunk: received.trunk, Leg: 'a' })).toMatchObject({
      Values: [4.2],
      Count: 1,
    });
    expect(tellsOf(told, 'Loss', { Leg: 'a' })).toMatchObject({ Values: [2] });
    expect(tellsOf(told, 'Late', { Trunk: 'other', Leg: 'b' })).toMatchObject({ Values: [3] });
    expect(tellsOf(told, 'Late', { Leg: 'a' })).toBeUndefined();
    expect(tellsOf(told, 'Mos', { Leg: 'b' })).toBeUndefined();
  });

  test('the targets of agents have no trunk: a hyphen stands for that', async () => {
    const { metrics, tell } = anEdge();
    metrics.invite({ kind: 'final', direction: 'out', trunk: undefined, sipStatus: 200, seconds: 1 });
    const own = { Trunk: '-', Direction: 'out', Class: '2xx' };
    expect(tellsOf(await tell(), 'Responses', own)).toBe(1);
  });

  test('gateways are told by how many take sessions, and not at all where the edge knows none', async () => {
    const told = async (known: number) => {
      const { registry } = createMetrics(() => ({ ...gauges, gateways: { known, up: 0 } }));
      const emf = createEmf({ fleet: 'voice', own: { edge: 'edge-1' } });
      return emf(await registry.getMetricsAsJSON(), NOW).filter((line) => line.includes('"GatewaysUp":0'));
    };
    expect([await told(2), await told(0)]).toEqual([expect.any(Array), []]);
    expect(await told(2)).toHaveLength(2);
  });

  test('every metric of the contract is one of /metrics, with the labels that it is told by', async () => {
    const { metrics } = anEdge();
    const ofGateway = createGatewayMetrics({ sessions: 0, refused: 0 });
    for (const { from, by } of Object.values(edgeMetrics)) {
      const own = metrics.registry.getSingleMetric(from);
      const family = own ?? ofGateway.getSingleMetric(from);
      expect(family, from).toBeDefined();
      const { labelNames = [] } = family as unknown as { labelNames?: string[] };
      expect([...labelNames, own ? 'edge' : 'gateway']).toEqual(
        expect.arrayContaining([...new Set(by.flat())]),
      );
    }
    expect(new Set(Object.values(dimensions)).size).toBe(Object.keys(dimensions).length);
  });
});

/** Lets each writing end before the next one is due. */
async function passes(clock: HeldClock, ms: number): Promise<void> {
  clock.pass(ms);
  await new Promise((resolve) => setImmediate(resolve));
}

describe('the log of metrics', () => {
  test('is written on a fixed period, and once more at the end', async () => {
    const clock = heldClock();
    const lines: string[] = [];
    let count = 0;
    const writer = startEmfWriter({
      ...{ everyMs: 60_000, clock, logger: heardLogger().logger, write: (line) => lines.push(line) },
      tell: async () => [`line ${++count}`],
    });
    expect(lines).toEqual([]);
    await passes(clock, 60_000);
    expect(lines).toEqual(['line 1']);
    await passes(clock, 60_000);
    await passes(clock, 60_000);
    await writer[Symbol.asyncDispose]();
    expect(lines).toEqual(['line 1', 'line 2', 'line 3', 'line 4']);
  });

  test('goes on after a failure, which is told', async () => {
    const clock = heldClock();
    const heard = heardLogger();
    const lines: string[] = [];
    let fails = true;
    await using _writer = startEmfWriter({
      ...{ everyMs: 1_000, clock, logger: heard.logger, write: (line) => lines.push(line) },
      async tell() {
        if (fails) throw new Error('no memory');
        return ['line'];
      },
    });
    await passes(clock, 1_000);
    fails = false;
    await passes(clock, 1_000);
    expect(JSON.stringify(heard.lines)).toContain('the metrics could not be written');
    expect(lines).toEqual(['line']);
  });
});
