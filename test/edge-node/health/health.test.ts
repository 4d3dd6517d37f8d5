import { describe, expect, onTestFinished, test } from 'vitest';
import { answerAboutMedia, type EngineDesk } from '../../../edge-node/health/engine-desk.ts';
import { startHealthServer } from '../../../edge-node/health/health-server.ts';
import { startHeartbeat } from '../../../edge-node/health/heartbeat.ts';
import { createMetrics, type Gauges } from '../../../edge-node/health/metrics.ts';
import { aDigit, anAttemptFailed, anEnded, aReceivedCall } from '../an-event.ts';
import { heardLogger } from '../heard-logger.ts';
import { heldClock } from '../held-clock.ts';

const aDigitId = '01KG9YSG98HND80EZFT58SKWPJ';

const gauges: Gauges = {
  calls: 3,
  callsEnding: 1,
  outboxEvents: 12,
  outboxOldestSeconds: 1.5,
  outboxDropped: 0,
  rtpengines: [
    { engine: '10.0.0.5:22222', state: 'up', draining: true, full: false, sessions: 7 },
    { engine: '10.0.0.6:22222', state: 'suspect', draining: false, full: true, sessions: 0 },
  ],
  gateways: { known: 0, up: 0 },
  ready: true,
  sipServerUp: false,
  sipDialogs: 0,
  trunks: [{ trunk: 'carrier', calls: 4, servers: 2, serversUp: 1, capUsed: 0.8 }],
  registrations: [{ trunk: 'carrier', registered: true }],
  bindings: [{ trunk: 'office', bindings: 3 }],
  lostDigits: async () => 4,
};

const noMedia = { engines: () => [], drain: () => undefined };

async function aServer(
  ready: () => Record<string, boolean> = () => ({ routing: true }),
  media: EngineDesk = noMedia,
) {
  const metrics = createMetrics(() => gauges);
  const server = await startHealthServer({
    host: '127.0.0.1',
    port: 0,
    ready,
    metrics,
    media,
    trunks: () => [{ trunk: 'carrier', up: false }],
  });
  onTestFinished(() => server[Symbol.asyncDispose]());
  const get = (path: string, init?: RequestInit) =>
    fetch(`http://${server.host}:${server.port}${path}`, init);
  return { get, metrics, server };
}

describe('the health server', () => {
  test('says that the process lives', async () => {
    const { get } = await aServer();
    expect((await get('/live')).status).toBe(200);
  });

  test('is ready when every part is', async () => {
    const { get } = await aServer(() => ({ routing: true, rtpengine: true }));
    const response = await get('/ready');
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ ready: true });
  });

  test('names each part that is missing', async () => {
    const { get } = await aServer(() => ({ routing: false, rtpengine: true, outbox: false }));
    const response = await get('/ready');
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ ready: false, missing: ['routing', 'outbox'] });
  });

  test('shows metrics in the format of Prometheus', async () => {
    const { get } = await aServer();
    const response = await get('/metrics');
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toContain('trunkline_outbox_events 12');
  });

  test.each(['/', '/metrics/x', '/..%2fetc', '//live'])('answers 404 to %s', async (path) => {
    const { get } = await aServer();
    expect((await get(path)).status).toBe(404);
  });

  test('tells of each trunk how it is reached', async () => {
    const { get } = await aServer();
    expect(await (await get('/trunks')).json()).toEqual({
      trunks: [{ trunk: 'carrier', up: false }],
    });
  });

  test('does not start on a port that is taken', async () => {
    const { server } = await aServer();
    const metrics = createMetrics(() => gauges);
    const second = startHealthServer({
      host: '127.0.0.1',
      port: server.port,
      ready: () => ({}),
      trunks: () => [],
      metrics,
      media: noMedia,
    });
    await expect(second).rejects.toThrow('EADDRINUSE');
  });
});

describe('rtpengines', () => {
  const aDesk = () => {
    const draining = new Map([['10.0.0.5:22222', false]]);
    const desk: EngineDesk = {
      engines: () => [...draining].map(([engine, is]) => ({ engine, draining: is })),
      drain: (engine, is) =>
        draining.has(engine) ? draining.set(engine, is) && { engine, draining: is } : undefined,
    };
    return desk;
  };

  test('are listed, drained and taken back into service over HTTP', async () => {
    const { get } = await aServer(undefined, aDesk());
    const listed = async () => (await get('/media')).json();
    const order = (what: string) => get(`/media/10.0.0.5:22222/${what}`, { method: 'POST' });
    expect(await listed()).toEqual({ engines: [{ engine: '10.0.0.5:22222', draining: false }] });
    expect(await (await order('drain')).json()).toEqual({ engine: '10.0.0.5:22222', draining: true });
    expect(await listed()).toEqual({ engines: [{ engine: '10.0.0.5:22222', draining: true }] });
    expect((await order('undrain')).status).toBe(200);
    expect(await listed()).toEqual({ engines: [{ engine: '10.0.0.5:22222', draining: false }] });
  });

  test.each([
    [
      'POST',
      '/media/10.0.0.9:1/drain',
      404,
      'there is no rtpengine "10.0.0.9:1": RTPENGINE_NG names 10.0.0.5:22222',
    ],
    ['GET', '/media/10.0.0.5:22222/drain', 405, 'send POST'],
    ['POST', '/media', 404, 'POST /media/HOST:PORT/drain'],
    ['POST', '/media/10.0.0.5:22222/kill', 404, 'POST /media/HOST:PORT/drain'],
    ['POST', '/media/%E0%A4%A/drain', 404, 'there is no rtpengine "%E0%A4%A"'],
  ])('answer %s %s with %i', async (method, path, status, error) => {
    const desk = aDesk();
    const { get } = await aServer(undefined, desk);
    const response = await get(path, { method });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: expect.stringContaining(error) });
    expect(desk.engines()).toEqual([{ engine: '10.0.0.5:22222', draining: false }]);
  });

  test('are drained from the host of the edge only', () => {
    const desk = aDesk();
    const asked = { method: 'POST', path: '/media/10.0.0.5:22222/drain', local: false };
    expect(answerAboutMedia(desk, asked)).toEqual([403, { error: expect.stringContaining('from the host') }]);
    expect(desk.engines()).toEqual([{ engine: '10.0.0.5:22222', draining: false }]);
  });
});

describe('metrics', () => {
  test('tell each rtpengine apart', async () => {
    const text = await createMetrics(() => gauges).text();
    for (const line of [
      'trunkline_rtpengine_up{engine="10.0.0.5:22222"} 1',
      'trunkline_rtpengine_up{engine="10.0.0.6:22222"} 0',
      'trunkline_rtpengine_draining{engine="10.0.0.5:22222"} 1',
      'trunkline_rtpengine_draining{engine="10.0.0.6:22222"} 0',
      'trunkline_rtpengine_full{engine="10.0.0.5:22222"} 0',
      'trunkline_rtpengine_full{engine="10.0.0.6:22222"} 1',
      'trunkline_rtpengine_sessions{engine="10.0.0.5:22222"} 7',
      'trunkline_rtpengine_sessions{engine="10.0.0.6:22222"} 0',
    ]) {
      expect(text).toContain(line);
    }
  });

  test('count what the events say', async () => {
    const metrics = createMetrics(() => gauges);
    metrics.observe(aReceivedCall());
    metrics.observe(anEnded());
    metrics.observe(anEnded({ reason: 'decision-late', blame: 'platform' }));
    metrics.message('decision', 'late');
    metrics.refused('edge-draining');
    metrics.mediaRequest('offer', 'ok', 0.002);
    const text = await metrics.text();
    for (const line of [
      'trunkline_events_total{type="call.ended"} 2',
      'trunkline_calls_ended_total{reason="caller-hangup",blame="caller"} 1',
      'trunkline_calls_ended_total{reason="decision-late",blame="platform"} 1',
      'trunkline_queue_messages_total{kind="decision",outcome="late"} 1',
      'trunkline_rtpengine_request_seconds_count{command="offer",outcome="ok"} 1',
      'trunkline_calls_active 3',
      'trunkline_trunk_registered{trunk="carrier"} 1',
      'trunkline_sip_server_up 0',
    ])
      expect(text).toContain(line);
  });

  test('tell of each trunk what became of its digits, and what of the log was lost', async () => {
    const metrics = createMetrics(() => gauges);
    const digit = { digitId: aDigitId, digit: '5', atMs: 12 };
    const fromCarrier = { ...digit, leg: 'a', trunk: 'carrier' } as const;
    metrics.observe(aDigit({ type: 'dtmf.received', ...fromCarrier, mode: 'info', durationMs: 100 }));
    metrics.observe(aDigit({ type: 'dtmf.delivered', ...digit, leg: 'b', mode: 'rfc4733' }));
    metrics.observe(aDigit({ type: 'dtmf.delivery-gap', ...fromCarrier, reason: 'info-refused' }));
    const text = await metrics.text();
    for (const line of [
      'trunkline_dtmf_digits_total{stage="received",trunk="carrier",mode="info"} 1',
      'trunkline_dtmf_digits_total{stage="delivered",trunk="",mode="rfc4733"} 1',
      'trunkline_dtmf_digits_total{stage="gap",trunk="carrier",mode=""} 1',
      'trunkline_dtmf_delivery_gaps_total{reason="info-refused",trunk="carrier"} 1',
      'trunkline_dtmf_log_lost 4',
    ])
      expect(text).toContain(line);
  });

  test('tell of each trunk how its calls go, and the answer-seizure ratio is a share of its responses', async () => {
    const metrics = createMetrics(() => gauges);
    const out = { direction: 'out', trunk: 'carrier', seconds: 3 } as const;
    for (const sipStatus of [200, 200, 200, 486, 503, 699])
      metrics.invite({ ...out, kind: 'final', sipStatus });
    metrics.invite({ ...out, kind: 'rang', seconds: 0.4 });
    metrics.invite({ kind: 'final', direction: 'in', trunk: 'agents', sipStatus: 404, seconds: 0.1 });
    metrics.invite({ kind: 'final', direction: 'out', trunk: undefined, sipStatus: 200, seconds: 1 });
    metrics.observe(anAttemptFailed({ trunk: 'carrier', reason: 'target-unavailable' }));
    const text = await metrics.text();
    const responses = 'trunkline_trunk_responses_total{trunk="carrier",direction="out",class=';
    for (const line of [
      `${responses}"2xx",code="200"} 3`,
      `${responses}"5xx",code="503"} 1`,
      `${responses}"6xx",code="other"} 1`,
      'trunkline_trunk_responses_total{trunk="agents",direction="in",class="4xx",code="404"} 1',
      'trunkline_trunk_responses_total{trunk="",direction="out",class="2xx",code="200"} 1',
      'trunkline_trunk_answer_seconds_bucket{le="5",trunk="carrier",direction="out"} 3',
      'trunkline_trunk_answer_seconds_bucket{le="2",trunk="carrier",direction="out"} 0',
      'trunkline_trunk_post_dial_seconds_bucket{le="0.5",trunk="carrier"} 1',
      'trunkline_trunk_attempts_failed_total{trunk="carrier",reason="target-unavailable"} 1',
      'trunkline_trunk_calls{trunk="carrier"} 4',
      'trunkline_trunk_cap_used_ratio{trunk="carrier"} 0.8',
      'trunkline_trunks_capped 0',
      'trunkline_trunk_servers{trunk="carrier"} 2',
      'trunkline_trunk_servers_up{trunk="carrier"} 1',
    ])
      expect(text).toContain(line);
    const count = (pattern: RegExp) =>
      [...text.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0);
    const seizures = count(/^trunkline_trunk_responses_total\{trunk="carrier".*\} (\d+)$/gm);
    expect(count(/^trunkline_trunk_responses_total\{trunk="carrier".*"2xx".*\} (\d+)$/gm) / seizures).toBe(
      0.5,
    );
  });

  test('of two edges in one process do not mix', async () => {
    const [one, other] = [createMetrics(() => gauges), createMetrics(() => ({ ...gauges, calls: 9 }))];
    one.observe(anEnded());
    expect(await other.text()).not.toContain('type="call.ended"');
    expect(await other.text()).toContain('trunkline_calls_active 9');
  });

  test('never show a number, a call or an address of a caller', async () => {
    const metrics = createMetrics(() => gauges);
    const call = aReceivedCall();
    metrics.observe(call);
    const text = await metrics.text();
    for (const secret of [call.callId, call.to.number, call.source.address, call.sipCallId])
      expect(text).not.toContain(secret);
  });
});

describe('the heartbeat', () => {
  const row = {
    edgeId: 'edge-1',
    region: 'eu-west-1',
    epoch: 1,
    queueUrl: 'http://127.0.0.1/queue',
    contacts: [],
    calls: 0,
    draining: false,
    heartbeatAt: 0,
    ttl: 0,
  };

  async function aHeartbeat(beat: () => Promise<void>) {
    const clock = heldClock();
    const log = heardLogger();
    const beats: number[] = [];
    const register = {
      async beat() {
        beats.push(clock.monotonic());
        await beat();
      },
    };
    const heart = await startHeartbeat({
      register,
      row: () => row,
      everyMs: 10_000,
      clock,
      logger: log.logger,
    });
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const passed = async (ms: number) => {
      clock.pass(ms);
      await turn();
    };
    return { beats, log, heart, passed, clock };
  }

  test('beats at once, then on a fixed period, until it is disposed', async () => {
    const { beats, heart, passed, clock } = await aHeartbeat(async () => undefined);
    await passed(10_000);
    await passed(10_000);
    expect(beats).toEqual([0, 10_000, 20_000]);
    await heart[Symbol.asyncDispose]();
    expect(clock.pending()).toBe(0);
  });

  test('goes on after a beat that failed, which is told', async () => {
    const { beats, log, passed } = await aHeartbeat(async () => {
      throw new Error('throttled');
    });
    await passed(10_000);
    expect(beats).toEqual([0, 10_000]);
    expect(log.said('could not be written')).toMatchObject([
      { reason: 'throttled' },
      { reason: 'throttled' },
    ]);
  });
});
