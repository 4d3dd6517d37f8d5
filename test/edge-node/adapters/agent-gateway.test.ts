import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { ulid } from 'ulid';
import { afterEach, expect, test } from 'vitest';
import { AgentSessionRequest } from '../../../contracts/agent-media/session.ts';
import { type AgentGateways, agentGateways } from '../../../edge-node/adapters/agent-gateway.ts';
import { startGateway } from '../../../gateway/gateway.ts';
import { readSettings } from '../../../gateway/settings.ts';
import { freePort } from '../../../local/free-ports.ts';
import { anAgent } from '../../gateway/an-agent.ts';
import { anRtpPeer } from '../../gateway/media/an-rtp-peer.ts';
import { heardLogger } from '../heard-logger.ts';
import { heldClock } from '../held-clock.ts';

const token = 'a-token-of-this-test-alone';

/** A gateway by its door alone. */
interface AtTheDoor extends AsyncDisposable {
  readonly url: string;
  /** `silent`: takes every connection and says nothing, as a machine that is gone does. */
  mood: 'well' | 'silent' | 'draining' | 'full' | 'broken' | 'agent-refused';
  /** `METHOD PATH` of what it was asked. */
  readonly asked: string[];
}

const answers: Readonly<Record<Exclude<AtTheDoor['mood'], 'silent'>, readonly [number, object]>> = {
  well: [201, { sessionId: ulid(), sdp: 'v=0' }],
  draining: [503, { fault: 'draining', error: 'this gateway is draining' }],
  full: [503, { fault: 'no-port', error: 'no port is free' }],
  broken: [500, { error: 'something broke' }],
  'agent-refused': [502, { fault: 'refused', error: 'the agent answered 401' }],
};

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function aDoor(mood: AtTheDoor['mood'] = 'well'): Promise<AtTheDoor> {
  const server = createServer((request, response) => {
    door.asked.push(`${request.method} ${request.url}`);
    if (door.mood === 'silent') return;
    const [status, body] = answers[door.mood];
    if (request.url !== '/ready') response.writeHead(status).end(JSON.stringify(body));
    else response.writeHead(door.mood === 'draining' ? 503 : 200).end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const door: AtTheDoor = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mood,
    asked: [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  opened.push(door);
  return door;
}

const sessions = ({ asked }: AtTheDoor) => asked.filter((each) => each === 'POST /sessions').length;

function known(...urls: string[]) {
  const [clock, { logger, said }] = [heldClock(), heardLogger()];
  const gateways: AgentGateways = agentGateways({ urls, token, clock, logger });
  opened.push(gateways);
  return { gateways, clock, said };
}

const aRequest = (more: object = {}) =>
  AgentSessionRequest.parse({
    ...{ callId: ulid(), sdp: 'v=0', call: { from: '+15550199', to: '+15550100' } },
    agent: { url: 'wss://agent.example.com', dialect: 'pcm' },
    ...more,
  });
const never = new AbortController().signal;
const open = (gateways: AgentGateways) => gateways.open(aRequest(), never);

test('gateways take turns', async () => {
  const [one, other] = [await aDoor(), await aDoor()];
  const { gateways } = known(one.url, other.url);
  for (let call = 0; call < 4; call += 1) expect(await open(gateways)).toMatchObject({ ok: true });
  expect([sessions(one), sessions(other)]).toEqual([2, 2]);
});

test.each(['draining', 'full', 'broken'] as const)(
  'a gateway that is %s costs the caller nothing: the next one is asked',
  async (mood) => {
    const [one, other] = [await aDoor('well'), await aDoor('well')];
    const { gateways } = known(one.url, other.url);
    await expect.poll(() => gateways.up).toBe(2);
    one.mood = mood;
    for (let call = 0; call < 2; call += 1) expect(await open(gateways)).toMatchObject({ ok: true });
    expect([sessions(one), sessions(other)]).toEqual([1, 2]);
  },
);

test('what is wrong with the agent is told at once: another gateway would find the same', async () => {
  const [one, other] = [await aDoor('agent-refused'), await aDoor('agent-refused')];
  const { gateways } = known(one.url, other.url);
  expect(await open(gateways)).toMatchObject({ ok: false, fault: 'refused' });
  expect(sessions(one) + sessions(other)).toBe(1);
});

test('a gateway that falls silent costs one caller a second, and the next ones nothing, until it is well again', async () => {
  const [one, other] = [await aDoor(), await aDoor()];
  const { gateways, clock, said } = known(one.url, other.url);
  await expect.poll(() => gateways.up).toBe(2);
  one.mood = 'silent';
  const began = performance.now();
  expect(await open(gateways)).toMatchObject({ ok: true });
  // connectMs and what is spare would be five seconds.
  expect(performance.now() - began).toBeLessThan(3_000);
  expect(gateways.up).toBe(1);
  expect(said('a gateway of agents changed').at(-1)).toMatchObject({ gateway: one.url });

  const asked = one.asked.length;
  for (let call = 0; call < 4; call += 1) expect(await open(gateways)).toMatchObject({ ok: true });
  expect([one.asked.length, sessions(other)]).toEqual([asked, 5]);

  one.mood = 'well';
  clock.pass(5_000);
  await expect.poll(() => gateways.up).toBe(2);
  await open(gateways);
  await open(gateways);
  expect(sessions(one)).toBe(2);
});

test('one that is away from the start is not tried at all: seats of machines that nobody needs now', async () => {
  const here = await aDoor();
  const away = `http://127.0.0.1:${await freePort()}`;
  const { gateways } = known(away, here.url, away.replace('127.0.0.1', '127.0.0.2'));
  for (let call = 0; call < 3; call += 1) expect(await open(gateways)).toMatchObject({ ok: true });
  expect([gateways.known, gateways.up, sessions(here)]).toEqual([3, 1, 3]);
});

test('one that came up since the last look is found where all others are down', async () => {
  const late = await aDoor('draining');
  const { gateways } = known(late.url);
  expect(await open(gateways)).toMatchObject({
    ...{ ok: false, fault: 'no-gateway' },
    detail: `no gateway takes sessions: ${late.url}: it takes no sessions (503)`,
  });
  late.mood = 'well';
  expect(await open(gateways)).toMatchObject({ ok: true });
});

test('without any, the detail says what to set', async () => {
  const { gateways, clock } = known();
  const answer = await open(gateways);
  expect(answer).toMatchObject({ ok: false, fault: 'no-gateway' });
  expect(answer).toMatchObject({ detail: expect.stringContaining('name one in TRUNKLINE_GATEWAYS') });
  expect(clock.pending()).toBe(0);
});

test('a caller who hangs up waits for nobody', async () => {
  const door = await aDoor();
  const { gateways } = known(door.url);
  await expect.poll(() => gateways.up).toBe(1);
  door.mood = 'silent';
  const gone = new AbortController();
  const asked = gateways.open(aRequest(), gone.signal);
  await expect.poll(() => sessions(door)).toBe(1);
  gone.abort();
  expect(await asked).toMatchObject({ ok: false, detail: 'cancelled' });
  // That the caller left says nothing of the gateway.
  expect(gateways.up).toBe(1);
});

test('of two real ones the full one sends the edge on, and counts whom it had no room for', async () => {
  await using agent = await anAgent();
  await using caller = await anRtpPeer();
  const settings = readSettings({
    ...{ GATEWAY_TOKEN: token, GATEWAY_THREADS: 1, GATEWAY_PRIVATE_AGENTS: 'allow', LOG_LEVEL: 'silent' },
    GATEWAY_MAX_SESSIONS: 1,
  });
  const start = () => startGateway(settings, { logger: pino({ level: 'silent' }) });
  const both = await Promise.all([start(), start()]);
  opened.push(...both);
  const { gateways } = known(...both.map(({ url }) => url));
  const request = aRequest({ sdp: caller.offer(), agent: { url: agent.url, dialect: 'pcm' } });
  const first = await gateways.open(request, never);
  const second = await gateways.open(request, never);
  expect([first.ok, second.ok]).toEqual([true, true]);
  expect(both.map(({ sessions: of }) => of)).toEqual([1, 1]);
  const third = await gateways.open(request, never);
  expect(third).toMatchObject({ ok: false, fault: 'no-gateway', detail: 'all 1 sessions are taken' });
  const refused = await Promise.all(both.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  for (const text of refused) expect(text).toContain('trunkline_agent_sessions_refused_total 1\n');
  for (const each of [first, second]) if (each.ok) await each.end('test');
});
