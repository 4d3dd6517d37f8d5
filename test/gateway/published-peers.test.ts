import { readFileSync } from 'node:fs';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../../gateway/gateway.ts';
import { readSettings } from '../../gateway/settings.ts';
import { tone } from '../../local/phone/audio.ts';
import { type ASession, aSession } from './a-session.ts';
import { type AnAgent, anAgent } from './an-agent.ts';
import { anRtpPeer } from './media/an-rtp-peer.ts';

/* Servers that others have published for Twilio's Media Streams, replayed by the shapes of their messages: fixtures/README.md. */

type Shape = Readonly<Record<string, unknown>>;

interface Fixture {
  readonly sources: readonly string[];
  readonly hears: Readonly<Record<string, Shape>>;
  readonly reads: Readonly<Record<string, readonly string[]>>;
  readonly says: Readonly<Record<string, readonly Shape[]>>;
  readonly ends: {
    readonly method: string;
    readonly path: string;
    readonly form: Readonly<Record<string, string>>;
  };
}

const fixture = (name: string): Fixture =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const twilio = fixture('twilio-media-streams');
const pipecat = fixture('pipecat-twilio');

const patterns: Readonly<Record<string, RegExp>> = {
  '<count>': /^\d+$/,
  '<base64>': /^[A-Za-z0-9+/]{214}==$/,
  '<key>': /^[0-9*#A-D]$/,
  '<name>': /^.+$/,
  'AC*': /^AC[0-9a-f]{32}$/,
  'CA*': /^CA[0-9a-f]{32}$/,
  'MZ*': /^MZ[0-9a-f]{32}$/,
};

/** What `toEqual` compares with: every field, no field more, and each of the documented type. */
function matcher(shape: unknown): unknown {
  if (shape === '<strings>') return expect.toSatisfy(isRecordOfStrings);
  if (typeof shape === 'string') return patterns[shape] ? expect.stringMatching(patterns[shape]) : shape;
  if (Array.isArray(shape)) return shape.map(matcher);
  if (typeof shape !== 'object' || shape === null) return shape;
  return Object.fromEntries(Object.entries(shape).map(([field, value]) => [field, matcher(value)]));
}

const isRecordOfStrings = (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((each) => typeof each === 'string');

const account = { sid: `AC${'1'.repeat(32)}`, authToken: 'an-auth-token-of-32-characters-ab' };
/** Of all audio that a peer says here. */
const SAID = 0x10;
let gateway: Gateway;
let agent: AnAgent;
let caller: Awaited<ReturnType<typeof anRtpPeer>>;
let session: ASession;

beforeAll(async () => {
  const settings = readSettings({
    ...{ GATEWAY_THREADS: 1, GATEWAY_PRIVATE_AGENTS: 'allow', LOG_LEVEL: 'silent' },
  });
  gateway = await startGateway(settings, { logger: pino({ level: 'silent' }) });
});
afterAll(() => gateway?.[Symbol.asyncDispose]());
beforeEach(async () => {
  agent = await anAgent({ protocol: null });
  caller = await anRtpPeer();
  const own = { url: agent.url, dialect: 'twilio', reconnects: 0, account };
  const facts = { parameters: { language: 'de' }, headers: { 'X-Account': '42' } };
  session = await aSession(gateway.url, caller, own, facts);
  await agent.until(() => saidOf('start').length === 1);
});
afterEach(async () => {
  await agent[Symbol.asyncDispose]();
  await caller[Symbol.asyncDispose]();
});

const messages = () => agent.sockets[0]?.said ?? [];
const saidOf = (event: string) => messages().filter((message) => message['event'] === event);
const start = () => saidOf('start')[0] as { streamSid: string; start: { callSid: string } };

/** Milliseconds of what the peer said that the caller has heard. */
const heardMs = () => caller.heard.filter(({ payload }) => payload[0] === SAID).length * 20;

function say(shape: Shape): void {
  const text = JSON.stringify(shape)
    .replace('MZ*', start().streamSid)
    .replace(/<base64 of (\d+) ms>/, (_, ms) => Buffer.alloc(8 * Number(ms), SAID).toString('base64'));
  agent.sockets[0]?.connection.sendUTF(text);
}

const sequence = (name: string, of = twilio) => of.says[name] ?? [];

test('the fixtures say where they are from, and nothing of a kind that is not tested here', () => {
  for (const { sources, says } of [twilio, pipecat]) {
    expect(sources.every((source) => source.startsWith('https://'))).toBe(true);
    const events = Object.values(says)
      .flat()
      .map(({ event }) => event);
    expect(['media', 'mark', 'clear']).toEqual(expect.arrayContaining(events));
  }
});

test("every message that we send is one of Twilio's, field by field, and they are numbered through", async () => {
  caller.speak(tone(440, 20), session.port);
  caller.press(5, session.port);
  say({ event: 'mark', streamSid: 'MZ*', mark: { name: 'here' } });
  await agent.until(() => ['media', 'dtmf', 'mark'].every((event) => saidOf(event).length > 0));
  await fetch(`${gateway.url}/sessions/${session.id}?reason=test`, { method: 'DELETE' });
  await agent.until(() => saidOf('stop').length === 1);
  for (const message of messages()) {
    const shape = twilio.hears[String(message['event'])];
    expect(shape).toBeDefined();
    expect(message).toEqual(matcher(shape ?? {}));
  }
  expect(new Set(messages().map(({ event }) => event))).toEqual(new Set(Object.keys(twilio.hears)));
  const [first, second, ...rest] = messages();
  expect([first?.['event'], second?.['event'], rest.at(-1)?.['event']]).toEqual([
    'connected',
    'start',
    'stop',
  ]);
  const numbers = messages()
    .slice(1)
    .map(({ sequenceNumber }) => Number(sequenceNumber));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  const chunks = saidOf('media').map(({ media }) => Number((media as { chunk: string }).chunk));
  expect(chunks).toEqual(chunks.map((_, index) => index + 1));
  expect(
    new Set(
      messages()
        .slice(1)
        .map(({ streamSid }) => streamSid),
    ),
  ).toEqual(new Set([start().streamSid]));
  expect(start().start).toMatchObject({
    accountSid: account.sid,
    customParameters: { language: 'de', 'X-Account': '42' },
  });
});

describe("Twilio's samples", () => {
  test('that repeat what they heard are heard, and hear of the mark once it was played', async () => {
    for (const each of sequence('the sample that repeats a second of the caller')) say(each);
    await agent.until(() => saidOf('mark').length === 1);
    await expect.poll(heardMs).toBe(800);
    expect(saidOf('mark')[0]).toMatchObject({ mark: { name: 'second 0 again' } });
    expect(session.happened).toEqual([]);
  });

  test('that speak by deltas and are interrupted get all their marks, and what was left is not heard', async () => {
    const all = sequence('the sample that speaks by deltas, a mark behind each, and is interrupted');
    for (const each of all.slice(0, -1)) say(each);
    await agent.until(() => saidOf('mark').length === 1);
    for (const each of all.slice(-1)) say(each);
    await agent.until(() => saidOf('mark').length === 2);
    expect(saidOf('mark').map(({ mark }) => mark)).toEqual([{ name: 'part' }, { name: 'part' }]);
    const then = heardMs();
    expect(then).toBeLessThan(4_400);
    say({ event: 'mark', streamSid: 'MZ*', mark: { name: 'silence' } });
    const packets = caller.heard.length;
    await caller.until(() => caller.heard.length >= packets + 10);
    expect(heardMs() - then).toBeLessThanOrEqual(40);
    expect(session.happened).toEqual([]);
  });
});

describe('Pipecat', () => {
  test('finds in our messages all that it reads', async () => {
    caller.speak(tone(440, 20), session.port);
    caller.press(5, session.port);
    await agent.until(() => ['media', 'dtmf'].every((event) => saidOf(event).length > 0));
    // It takes the first two messages for the hand-over, whatever is in them.
    expect(
      messages()
        .slice(0, 2)
        .map(({ event }) => event),
    ).toEqual(['connected', 'start']);
    for (const [event, fields] of Object.entries(pipecat.reads))
      for (const path of fields) expect(saidOf(event)[0]).toHaveProperty(path);
  });

  test('answers, is interrupted and answers anew: what it says after its clear is heard whole', async () => {
    const all = sequence('an answer that is interrupted, and another one', pipecat);
    for (const each of all.slice(0, 3)) say(each);
    await caller.until(() => heardMs() >= 200);
    say(all[3] ?? {});
    // Behind the clear nothing waits: a mark comes at once.
    say({ event: 'mark', streamSid: 'MZ*', mark: { name: 'cleared' } });
    await agent.until(() => saidOf('mark').length === 1);
    const silent = () => caller.heard.slice(-3).every(({ payload }) => payload[0] !== SAID);
    await caller.until(silent);
    const before = heardMs();
    expect(before).toBeLessThan(3_080);
    say(all[4] ?? {});
    await caller.until(() => heardMs() >= before + 200);
    await caller.until(silent);
    expect(heardMs()).toBe(before + 200);
    expect(session.happened).toEqual([]);
  });

  test('hangs up as it does at Twilio', async () => {
    const { method, path, form } = pipecat.ends;
    const place = path.replace('AC*', account.sid).replace('CA*', start().start.callSid);
    const ended = await fetch(`${gateway.url}${place}`, {
      method,
      headers: { Authorization: `Basic ${btoa(`${account.sid}:${account.authToken}`)}` },
      body: new URLSearchParams(form),
    });
    expect(ended.status).toBe(200);
    await session.until('hangup');
  });
});
