import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { type AnAgent, anAgent } from '../gateway/an-agent.ts';
import { aFolder } from '../local/stand-in.ts';
import { NUMBER, type Platform, routeTo, startPlatform, storyOf } from './platform.ts';

let platform: Platform;
/** The agent that is called, and the one behind it. */
let first: AnAgent;
let second: AnAgent;
let phone: number;
let prompts: Awaited<ReturnType<typeof aFolder>>;
const run = promisify(execFile);
const audio = tone(700, 1_000);

beforeAll(async () => {
  [first, second] = [await anAgent(), await anAgent({ protocol: null })];
  phone = await freePort();
  prompts = await aFolder();
  await run('sox', [
    ...'-n -r 8000 -c 1 -b 16'.split(' '),
    join(prompts.path, 'sorry.wav'),
    ...'synth 1 sine 1100'.split(' '),
  ]);
  const config = routeTo([]);
  platform = await startPlatform({
    edgeSettings: { TRUNKLINE_PROMPTS_DIR: prompts.path },
    config: {
      ...config,
      numbers: {
        [NUMBER]: { agent: 'echo' },
        '+15550111': { agent: 'phone' },
        '+15550122': { agent: 'lonely' },
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
        phone: { targets: [{ uri: `sip:agent@127.0.0.1:${phone}` }], policy: 'tested' },
        lonely: {
          targets: [{ websocket: first.url, reconnects: 0 }],
          policy: 'tested',
          lostPrompt: 'sorry.wav',
        },
      },
    },
  });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await first?.[Symbol.asyncDispose]();
  await second?.[Symbol.asyncDispose]();
  await prompts?.[Symbol.asyncDispose]();
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

describe('a call to an agent over a WebSocket', () => {
  test('is carried both ways: what the caller says comes back, and the record is whole', async () => {
    const called = answeredBy(first, 0).then(() => echo(first));
    const { carrier, record, events } = await platform.place({ to: NUMBER, audio, talkMs: 1_500 });
    await called;
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
    const [start] = first.sockets.at(-1)?.said ?? [];
    expect(start).toMatchObject({ type: 'start', to: NUMBER, rate: 16_000, parameters: { tone: 'formal' } });
    expect(storyOf(events)).toEqual(['call.received', 'call.routed', 'call.answered', 'call.ended']);
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

  test('ends, and says why, where no agent is behind the one that is lost; the caller is told first', async () => {
    const placed = platform.place({ to: '+15550122', audio, talkMs: 20_000 });
    await answeredBy(first, 0);
    first.sockets.at(-1)?.connection.socket.destroy();
    const { carrier, record } = await placed;
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
