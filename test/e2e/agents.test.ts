import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../contracts/config.ts';
import type { TrunklineEvent } from '../../contracts/events.ts';
import { freePort } from '../../local/free-ports.ts';
import { loudness, SAMPLE_RATE, tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { type AnAgent, anAgent } from '../gateway/an-agent.ts';
import { aFolder } from '../local/stand-in.ts';
import { digitCaller } from './digit-peer.ts';
import { NUMBER, type Platform, routeTo, seqOf, startPlatform, storyOf } from './platform.ts';

let platform: Platform;
/** The agent that is called, and the one behind it. */
let first: AnAgent;
let second: AnAgent;
let phone: number;
/** Who answers numbers that are called out. */
let mobile: number;
/** Takes connections and says nothing. */
let deaf: Server;
let sipPort: number;
let prompts: Awaited<ReturnType<typeof aFolder>>;
const run = promisify(execFile);
const audio = tone(700, 1_000);

beforeAll(async () => {
  [first, second] = [await anAgent(), await anAgent({ protocol: null })];
  [phone, mobile] = [await freePort(), await freePort()];
  deaf = createServer().listen(0, '127.0.0.1');
  await once(deaf, 'listening');
  const unheard = `ws://127.0.0.1:${(deaf.address() as AddressInfo).port}/call`;
  prompts = await aFolder();
  await run('sox', [
    ...'-n -r 8000 -c 1 -b 16'.split(' '),
    join(prompts.path, 'sorry.wav'),
    ...'synth 1 sine 1100'.split(' '),
  ]);
  const config = routeTo([]);
  const vault = await generateKeyPair('RSA-OAEP-256');
  const key = { ...(await exportJWK(vault.publicKey)), alg: 'RSA-OAEP-256' };
  sipPort = await freePort();
  platform = await startPlatform({
    sipPort,
    edgeSettings: { TRUNKLINE_PROMPTS_DIR: prompts.path },
    config: {
      ...config,
      trunks: {
        ...config.trunks,
        mobile: { endpoints: [{ host: '127.0.0.1', port: mobile }], probe: { everySeconds: 3600 } },
      },
      routes: { abroad: { prefix: '+49', from: ['carrier'], trunks: [{ trunk: 'mobile' }] } },
      numbers: {
        '+15550133': { agent: 'patient' },
        '+15550144': { agent: 'quiet' },
        '+15550155': { agent: 'far' },
        '+15550166': { agent: 'nobody' },
        [NUMBER]: { agent: 'echo' },
        '+15550111': { agent: 'phone' },
        '+15550122': { agent: 'lonely' },
        '+15550188': { agent: 'card' },
      },
      agents: {
        echo: {
          targets: [
            {
              websocket: first.url,
              rate: 16_000,
              reconnects: 0,
              headers: ['X-Account'],
              parameters: { tone: 'formal' },
            },
            { websocket: second.url, dialect: 'twilio', priority: 2 },
          ],
          policy: 'tested',
        },
        card: { targets: [{ websocket: first.url }], policy: 'tested', collect: 'card' },
        phone: { targets: [{ uri: `sip:agent@127.0.0.1:${phone}` }], policy: 'tested' },
        patient: {
          targets: [{ websocket: first.url, headers: ['X-Account'], parameters: { tone: 'formal' } }],
          policy: 'tested',
        },
        quiet: {
          targets: [
            { websocket: first.url, firstAudioSeconds: 0.5, reconnects: 0 },
            { uri: `sip:agent@127.0.0.1:${phone}`, priority: 2 },
          ],
          policy: 'tested',
        },
        far: {
          targets: [
            { websocket: unheard, connectSeconds: 0.4 },
            { websocket: first.url, reconnects: 0, priority: 2 },
            { number: '+4930123456', priority: 3 },
          ],
          policy: 'tested',
        },
        nobody: {
          targets: [{ websocket: unheard, connectSeconds: 0.4 }],
          policy: 'tested',
          lostPrompt: 'sorry.wav',
        },
        lonely: {
          targets: [{ websocket: first.url, reconnects: 0 }],
          policy: 'tested',
          lostPrompt: 'sorry.wav',
        },
      },
      collections: { card: { maxLength: 5, minLength: 5, secret: true, key: 'vault', totalMs: 60_000 } },
      keys: { vault: key as NonNullable<RoutingConfigInput['keys']>[string] },
    },
  });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await first?.[Symbol.asyncDispose]();
  await second?.[Symbol.asyncDispose]();
  await prompts?.[Symbol.asyncDispose]();
  deaf?.close();
});

/** Sends back what it hears. */
const echo = (agent: AnAgent) => {
  const socket = agent.sockets.at(-1);
  socket?.connection.on('message', (message) => {
    if (message.type === 'binary') socket.connection.sendBytes(message.binaryData);
  });
};

let before: readonly [number, number];
beforeEach(() => {
  before = [first.sockets.length, second.sockets.length];
});
afterEach(() => platform.env.settled());

const answeredBy = (agent: AnAgent, index: 0 | 1) =>
  agent.until(() => agent.sockets.length > before[index] && (agent.sockets.at(-1)?.said.length ?? 0) > 0);
const say = (agent: AnAgent, message: object) =>
  agent.sockets.at(-1)?.connection.sendUTF(JSON.stringify(message));

/** Of the half second in which it is most of what is heard. */
function heardShare(pcm: Int16Array, hz: number): number {
  const window = SAMPLE_RATE / 2;
  const shares = [0];
  for (let at = 0; at + window <= pcm.length; at += window / 8) {
    const part = pcm.subarray(at, at + window);
    const mean = part.reduce((sum, sample) => sum + sample, 0) / window;
    const level = part.map((sample) => sample - mean);
    if (loudness(level) > 0.01) shares.push(toneShare(level, hz));
  }
  return Math.max(...shares);
}

/** What was said of an agent that fails, and of who comes in its place. */
const failureOf = (events: readonly TrunklineEvent[]) =>
  events
    .toSorted((one, other) => seqOf(one) - seqOf(other))
    .map(({ type }) => type)
    .filter((type) => /^media\.(agent|prompted)|^call\.(transfer|media-changed)/.test(type));

describe('a call to an agent over a WebSocket', () => {
  test('is carried both ways: what the caller says comes back, and the record is whole', async () => {
    const called = answeredBy(first, 0).then(() => echo(first));
    const { carrier, record, events } = await platform.place({ to: NUMBER, audio, talkMs: 1_500 });
    await called;
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(heardShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
    const [start] = first.sockets.at(-1)?.said ?? [];
    expect(start).toMatchObject({ type: 'start', to: NUMBER, rate: 16_000, parameters: { tone: 'formal' } });
    expect(storyOf(events)).toEqual([
      ...['call.received', 'call.routed', 'call.ringing', 'call.answered', 'call.ended'],
    ]);
    expect(record).toMatchObject({
      ...{ complete: true, ended: { reason: 'caller-hangup' }, answered: { target: 'echo-1' } },
    });
  });

  test('brings the keys of the caller to the agent, each once, and none is owed', async () => {
    const { record } = await platform.place({ to: NUMBER, audio, digits: '12#', talkMs: 1_500 });
    const keys = first.sockets.at(-1)?.said.filter(({ type }) => type === 'dtmf');
    expect(keys?.map(({ digit }) => digit)).toEqual(['1', '2', '#']);
    expect(record).toMatchObject({ complete: true, digitCount: { received: 3, delivered: 3 } });
  });

  test('keeps the keys of a secret from the agent, and brings those after it', async () => {
    const applied = platform.next('command.applied', ({ command }) => command === 'call.collect');
    await using caller = await digitCaller(sipPort, '+15550188', { audio });
    await applied;
    const collected = platform.next('dtmf.collected');
    caller.rtp.press('49291');
    expect(await collected).toMatchObject({ outcome: 'complete', encrypted: expect.any(String) });
    const released = /rtpengine_request_seconds_count\{command="unblockDTMF",outcome="ok"\} 1/;
    await expect.poll(() => platform.metrics()).toMatch(released);
    const delivered = platform.next('dtmf.delivered');
    caller.rtp.press('7');
    expect(await delivered).toMatchObject({ digit: '7', leg: 'b' });
    const keys = first.sockets.at(-1)?.said.filter(({ type }) => type === 'dtmf');
    expect(keys?.map(({ digit }) => digit)).toEqual(['7']);
    const ended = platform.next('call.ended');
    await caller.hangUp();
    expect((await ended).digits).toEqual({ received: 6, delivered: 1, gap: 0 });
  });

  test('ends where the agent hangs up', async () => {
    const placed = platform.place({ to: NUMBER, audio, talkMs: 20_000 });
    await answeredBy(first, 0);
    say(first, { type: 'hangup', reason: 'all is said' });
    expect((await placed).record).toMatchObject({ complete: true, ended: { reason: 'callee-hangup' } });
  });

  test('is transferred where the agent asks for it, with audio both ways', async () => {
    await using human = await startAgent({ port: phone });
    const placed = platform.place({ to: NUMBER, audio, talkMs: 4_000 });
    await answeredBy(first, 0);
    const transferred = platform.next('call.transferred');
    say(first, { type: 'transfer', to: 'phone' });
    await transferred;
    const { carrier, record } = await placed;
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(toneShare((await human.report()).pcm, 700)).toBeGreaterThan(0.9);
    expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
    await first.until(() => first.sockets.at(-1)?.said.at(-1)?.['type'] === 'stop');
  });

  test('goes on with the agent behind it when the one that talks is lost, and the caller hears no INVITE of it', async () => {
    const placed = platform.place({ to: NUMBER, audio, talkMs: 4_000 });
    await answeredBy(first, 0);
    const transferred = platform.next('call.transferred');
    first.sockets.at(-1)?.connection.socket.destroy();
    await answeredBy(second, 1);
    await transferred;
    await second.until(
      () => (second.sockets.at(-1)?.said.filter(({ event }) => event === 'media').length ?? 0) > 25,
    );
    const { carrier, record, events } = await placed;
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
    const said = events.map(({ type }) => type).filter((type) => type.startsWith('media.agent-'));
    expect(said).toEqual(['media.agent-disconnected', 'media.agent-lost']);
  });

  test('whose socket breaks is told the same facts on the next one, and the caller hears nothing of it', async () => {
    const headers = ['X-Account: 42'];
    const placed = platform.place({ to: '+15550133', audio, talkMs: 2_500, script: { headers } });
    await answeredBy(first, 0);
    const [start] = first.sockets.at(-1)?.said ?? [];
    const again = first.sockets.length + 1;
    const reconnected = platform.next('media.agent-reconnected');
    first.sockets.at(-1)?.connection.socket.destroy();
    await first.until(() => first.sockets.length === again && (first.sockets.at(-1)?.said.length ?? 0) > 0);
    echo(first);
    expect(await reconnected).toMatchObject({ leg: 'b', attempt: 1 });
    expect(first.sockets.at(-1)?.said[0]).toEqual({ ...start, reconnected: true });
    expect(start).toMatchObject({
      ...{ parameters: { tone: 'formal' }, reconnected: false },
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    });
    const { carrier, record, events } = await placed;
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(heardShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
    expect(failureOf(events)).toEqual(['media.agent-disconnected', 'media.agent-reconnected']);
    expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
  });

  test('that says nothing is replaced by one that is called by SIP; the caller hears ringing until it answers', async () => {
    await using human = await startAgent({ port: phone, answerAfterMs: 2_800 });
    const placed = platform.place({ to: '+15550144', audio, talkMs: 6_000 });
    const { carrier, record, events } = await placed;
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(heardShare(carrier.rtp.pcm, 425)).toBeGreaterThan(0.9);
    expect(heardShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
    expect(toneShare((await human.report()).pcm, 700)).toBeGreaterThan(0.9);
    expect(failureOf(events)).toEqual([
      ...['media.agent-disconnected', 'media.agent-lost', 'call.transferring', 'media.prompted'],
      'call.media-changed',
      'call.transferred',
    ]);
    const of = (type: string) => events.find((event) => event.type === type);
    expect(of('media.agent-lost')).toMatchObject({ detail: expect.stringContaining('no-first-audio') });
    expect(of('call.media-changed')).toMatchObject({ cause: 'transfer', relayed: false });
    expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });
  });

  test('that does not answer its handshake costs a moment; the one behind it breaks off, and a number is called', async () => {
    await using human = await startAgent({ port: mobile });
    const placed = platform.place({ to: '+15550155', audio, talkMs: 3_500 });
    await answeredBy(first, 0);
    first.sockets.at(-1)?.connection.socket.destroy();
    const { carrier, record, events } = await placed;
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(toneShare((await human.report()).pcm, 700)).toBeGreaterThan(0.9);
    expect(heardShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
    expect(storyOf(events).slice(0, 6)).toEqual([
      ...['call.received', 'call.routed', 'call.ringing', 'call.attempt-failed', 'call.ringing'],
      'call.answered',
    ]);
    expect(events.find(({ type }) => type === 'call.attempt-failed')).toMatchObject({
      ...{ target: 'far-1', reason: 'target-timeout', tryingNext: true },
    });
    expect(failureOf(events)).toEqual([
      ...['media.agent-disconnected', 'media.agent-lost', 'call.transferring', 'call.media-changed'],
      'call.transferred',
    ]);
    expect(record).toMatchObject({
      ...{ complete: true, answered: { target: 'far-2' }, ended: { reason: 'caller-hangup' } },
    });
  });

  test('and is not there, nor anybody else, has a recording that the caller hears', async () => {
    const { carrier, record, events } = await platform.place({
      ...{ to: '+15550166', audio, talkMs: 'until hung up' },
    });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(heardShare(carrier.rtp.pcm, 1_100)).toBeGreaterThan(0.9);
    expect(storyOf(events)).toEqual([
      ...['call.received', 'call.routed', 'call.ringing', 'call.attempt-failed', 'call.ended'],
    ]);
    expect(record).toMatchObject({
      complete: true,
      ended: { reason: 'target-unavailable', blame: 'upstream' },
    });
  });

  test('ends, and says why, where no agent is behind the one that is lost; the caller is told first', async () => {
    const placed = platform.place({ to: '+15550122', audio, talkMs: 20_000 });
    await answeredBy(first, 0);
    first.sockets.at(-1)?.connection.socket.destroy();
    const { carrier, record, events } = await placed;
    expect(failureOf(events)).toEqual(['media.agent-disconnected', 'media.agent-lost', 'media.prompted']);
    expect(toneShare(carrier.rtp.pcm, 1_100)).toBeGreaterThan(0.8);
    expect(record).toMatchObject({
      complete: true,
      ended: { reason: 'target-unavailable', detail: expect.stringContaining('lonely-1 was lost') },
    });
  });
});

test('an agent that does not answer costs a moment: the one behind it is called', async () => {
  const lost = await anAgent({ refuse: () => {} });
  const config = await platform.env.state.routing.read();
  if (!config) throw new Error('there is no configuration');
  const { agents } = config.config;
  const dead = { websocket: `ws://127.0.0.1:${lost.port}/call` };
  await platform.env.state.routing.push({
    ...config.config,
    agents: {
      ...agents,
      echo: { ...agents['echo'], targets: [dead, { websocket: second.url, dialect: 'twilio', priority: 2 }] },
    },
  } as never);
  const { record, events } = await platform.place({ to: NUMBER, audio, talkMs: 800 });
  expect(storyOf(events)).toContain('call.attempt-failed');
  expect(record).toMatchObject({ answered: { target: 'echo-2' }, ended: { reason: 'caller-hangup' } });
  const failed = events.find(({ type }) => type === 'call.attempt-failed');
  expect(failed).toMatchObject({ target: 'echo-1', detail: expect.stringContaining('401') });
  await lost[Symbol.asyncDispose]();
});
