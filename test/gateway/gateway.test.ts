import { once } from 'node:events';
import pino from 'pino';
import { ulid } from 'ulid';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { WebSocketServer } from 'ws';
import type { AgentSessionEvent, AgentSessionRequest } from '../../contracts/agent-media/session.ts';
import { type Gateway, startGateway } from '../../gateway/gateway.ts';
import { readSettings } from '../../gateway/settings.ts';
import { loudness, tone, toneShare } from '../../local/phone/audio.ts';
import { type AnAgent, anAgent } from './an-agent.ts';
import { anRtpPeer } from './media/an-rtp-peer.ts';

const TOKEN = 'a-token-of-this-test-alone';
let gateway: Gateway;
let agent: AnAgent;
let caller: Awaited<ReturnType<typeof anRtpPeer>>;
/** Lets callers in when it is told to. */
let slow: WebSocketServer;

beforeAll(async () => {
  const settings = readSettings({
    ...{ GATEWAY_TOKEN: TOKEN, GATEWAY_THREADS: 2, GATEWAY_PRIVATE_AGENTS: 'allow', LOG_LEVEL: 'silent' },
    GATEWAY_QUEUE_SECONDS: 2,
  });
  gateway = await startGateway(settings, { logger: pino({ level: 'silent' }) });
});
afterAll(() => gateway?.[Symbol.asyncDispose]());
beforeEach(async () => {
  agent = await anAgent();
  caller = await anRtpPeer();
});
afterEach(async () => {
  await agent[Symbol.asyncDispose]();
  await caller[Symbol.asyncDispose]();
});

const ask = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(`${gateway.url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${TOKEN}`, ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });

const aRequest = (own: Partial<AgentSessionRequest['agent']> = {}): object => ({
  callId: ulid(),
  sdp: caller.offer(),
  agent: { url: agent.url, dialect: 'pcm', rate: 16_000, ...own },
  call: { from: '+15550199', to: '+15550100', trunk: 'carrier' },
  headers: { 'X-Account': '42' },
  parameters: { language: 'de' },
});

interface Open extends AsyncDisposable {
  readonly id: string;
  /** Where the caller sends its RTP. */
  readonly port: number;
  readonly happened: AgentSessionEvent[];
  /** The first of this type, once there are so many. */
  until(type: AgentSessionEvent['type'], count?: number): Promise<AgentSessionEvent>;
}

async function open(own: Partial<AgentSessionRequest['agent']> = {}, request = aRequest(own)): Promise<Open> {
  const answered = await ask('POST', '/sessions', request);
  const body = (await answered.json()) as { sessionId: string; sdp: string };
  expect(body).toMatchObject({ sessionId: expect.any(String) });
  const happened: AgentSessionEvent[] = [];
  const waiting = new Set<() => void>();
  const stream = await ask('GET', `/sessions/${body.sessionId}/events`);
  const reading = read(stream, (event) => {
    happened.push(event);
    for (const look of waiting) look();
  });
  return {
    ...{ id: body.sessionId, happened },
    port: Number(/m=audio (\d+) /.exec(body.sdp)?.[1]),
    until: (type, count = 1) =>
      new Promise((resolve) => {
        const look = () => {
          const found = happened.filter((event) => event.type === type);
          if (found[0] && found.length >= count) resolve(found[0]);
        };
        waiting.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      await ask('DELETE', `/sessions/${body.sessionId}?reason=test`);
      await reading;
    },
  };
}

async function read(stream: Response, hear: (event: AgentSessionEvent) => void): Promise<void> {
  let rest = '';
  for await (const chunk of stream.body ?? []) {
    const lines = (rest + Buffer.from(chunk).toString('utf8')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear(JSON.parse(line));
  }
}

const [socket, saidOf] = [
  () => {
    const newest = agent.sockets.at(-1);
    if (!newest) throw new Error('no socket was opened');
    return newest;
  },
  (type: string) =>
    agent.sockets.at(-1)?.said.filter((each) => (each['type'] ?? each['event']) === type) ?? [],
];
const tell = (message: object | string) =>
  socket().connection.sendUTF(typeof message === 'string' ? message : JSON.stringify(message));

describe('an agent that speaks pcm', () => {
  test('is told who calls before it hears anything', async () => {
    await using _ = await open();
    expect(socket().said[0]).toMatchObject({
      ...{
        type: 'start',
        protocol: 'trunkline.pcm.v1',
        from: '+15550199',
        to: '+15550100',
        trunk: 'carrier',
      },
      ...{ headers: { 'X-Account': '42' }, parameters: { language: 'de' }, rate: 16_000, reconnected: false },
    });
  });

  test('hears the caller, and the caller hears it', async () => {
    await using call = await open();
    const spoken = tone(1_000, 600);
    for (let at = 0; at < spoken.length; at += 160) caller.speak(spoken.subarray(at, at + 160), call.port);
    await agent.until(() => socket().binary.length >= 30);
    const heard = new Int16Array(Uint8Array.from(Buffer.concat(socket().binary.slice(1, 30))).buffer);
    expect(toneShare(heard, 1_000, 16_000)).toBeGreaterThan(0.99);

    const reply = Int16Array.from(
      { length: 8_000 },
      (_, n) => 16_000 * Math.sin((2 * Math.PI * 440 * n) / 16_000),
    );
    socket().connection.sendBytes(Buffer.from(reply.buffer));
    tell({ type: 'mark', name: 'reply' });
    await agent.until(() => saidOf('mark').length > 0);
    expect(saidOf('mark')).toEqual([{ type: 'mark', name: 'reply', played: true }]);
    await caller.until(() => loudness(caller.audio().subarray(-1_600)) > 0 || caller.heard.length > 100);
    const audible = caller.audio().filter((sample) => Math.abs(sample) > 500);
    expect(audible.length).toBeGreaterThan(3_000);
  });

  test('gets each key at once, and the edge is told that it has', async () => {
    await using call = await open();
    caller.press(5, call.port);
    caller.press(10, call.port);
    await agent.until(() => saidOf('dtmf').length >= 2);
    expect(saidOf('dtmf').map(({ digit }) => digit)).toEqual(['5', '*']);
    await call.until('digit-delivered', 2);
    expect(call.happened.filter(({ type }) => type === 'digit-delivered')).toMatchObject([
      { n: 1, digit: '5' },
      { digit: '*' },
    ]);
  });

  test('may clear what it said: its mark comes back at once', async () => {
    await using _ = await open();
    socket().connection.sendBytes(Buffer.alloc(32_000, 0x22));
    tell({ type: 'mark', name: 'long' });
    tell({ type: 'clear' });
    await agent.until(() => saidOf('mark').length > 0);
    expect(saidOf('mark')).toEqual([{ type: 'mark', name: 'long', played: false }]);
  });

  test('may press keys, hold, resume, transfer and hang up: the edge hears of it in that order', async () => {
    await using call = await open();
    tell({ type: 'dtmf', digits: '1#' });
    for (const type of ['hold', 'resume']) tell({ type });
    tell({ type: 'transfer', to: '+15550123' });
    tell({ type: 'hangup', reason: 'done' });
    await call.until('hangup');
    expect(call.happened.map(({ type }) => type)).toEqual([
      'send-digits',
      'hold',
      'resume',
      'transfer',
      'hangup',
    ]);
    expect(call.happened.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
    await caller.until(
      () =>
        caller.heard.filter(({ payloadType, payload }) => payloadType === 101 && (payload[1] ?? 0) > 127)
          .length >= 6,
    );
  });

  test('is interrupted by the caller where it asks for that', async () => {
    await using call = await open({ bargeIn: 'clear' });
    socket().connection.sendBytes(Buffer.alloc(48_000, 0x22));
    // Something like a voice: a buzz with formants.
    const buzz = Int16Array.from({ length: 8_000 }, (_, n) => {
      const t = n / 8_000;
      return (
        (6_000 *
          (Math.sin(2 * Math.PI * 130 * t) +
            Math.sin(2 * Math.PI * 650 * t) +
            Math.sin(2 * Math.PI * 1_080 * t))) /
        2
      );
    });
    for (let at = 0; at < buzz.length; at += 160) caller.speak(buzz.subarray(at, at + 160), call.port);
    const { droppedMs } = (await call.until('speech-started')) as { droppedMs: number };
    expect(droppedMs).toBeGreaterThan(500);
    await agent.until(() => saidOf('speech').length > 0);
    expect(saidOf('speech')).toMatchObject([{ state: 'started' }]);
  });

  test('hears the keys that were pressed while its socket was broken', async () => {
    await using call = await open();
    socket().connection.drop(1_011, 'crash');
    await call.until('disconnected');
    caller.press(4, call.port);
    caller.press(2, call.port);
    await call.until('digit-delivered', 2);
    await agent.until(() => agent.sockets.length === 2 && saidOf('dtmf').length === 2);
    expect(saidOf('dtmf').map(({ digit }) => digit)).toEqual(['4', '2']);
  });

  test('whose message is too long is told by that', async () => {
    await using call = await open({ reconnects: 0 });
    socket().connection.sendBytes(Buffer.alloc(2 * 1_024 * 1_024 + 2));
    expect(await call.until('disconnected')).toMatchObject({ reason: 'Max payload size exceeded' });
  });

  test('hears what its edge did not do for it', async () => {
    await using call = await open();
    const refusal = { code: 'wrong-state', message: 'a transfer is on its way' };
    expect((await ask('POST', `/sessions/${call.id}/refusals`, refusal)).status).toBe(200);
    await agent.until(() => saidOf('error').length === 1);
    expect(saidOf('error')).toEqual([{ type: 'error', ...refusal }]);
    expect((await ask('POST', `/sessions/${call.id}/refusals`, { code: '' })).status).toBe(400);
  });

  test('that says good-bye ends the call', async () => {
    await using call = await open();
    socket().connection.close(1_000, 'bye');
    expect(await call.until('hangup')).toMatchObject({ reason: 'bye' });
  });

  test('whose socket breaks is called again with the same facts, and told that it is', async () => {
    await using call = await open();
    socket().connection.drop(1_011, 'crash');
    await call.until('reconnected');
    expect(call.happened.map(({ type }) => type)).toEqual(['disconnected', 'reconnected']);
    await agent.until(() => agent.sockets.length === 2 && saidOf('start').length === 1);
    expect(socket().said[0]).toMatchObject({ from: '+15550199', reconnected: true });
    caller.press(7, call.port);
    await agent.until(() => saidOf('dtmf').length === 1);
  });

  test('that does not come back has failed, and says why', async () => {
    await using call = await open({ reconnects: 1 });
    await agent[Symbol.asyncDispose]();
    expect(await call.until('failed')).toMatchObject({
      fault: 'disconnected',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test('that says nothing before its deadline is called again, and has failed where it still says nothing', async () => {
    await using call = await open({ firstAudioMs: 200, reconnects: 1 });
    expect(await call.until('failed')).toMatchObject({ fault: 'no-first-audio' });
    expect(agent.sockets.map(({ said }) => said[0]?.['reconnected'])).toEqual([false, true]);
    expect(agent.sockets[0]?.connection.closeReasonCode).toBe(4_000);
  });
});

describe('an agent that speaks the dialect of Twilio', () => {
  const account = { sid: `AC${'1'.repeat(32)}`, authToken: 'an-auth-token-of-32-characters-ab' };

  beforeEach(async () => {
    await agent[Symbol.asyncDispose]();
    agent = await anAgent({ protocol: null });
  });

  test('gets the messages it knows, numbers as strings where it expects them', async () => {
    await using call = await open({ dialect: 'twilio' });
    caller.speak(tone(440, 20), call.port);
    caller.press(9, call.port);
    await agent.until(() => saidOf('dtmf').length === 1 && saidOf('media').length >= 1);
    const [connected, start] = socket().said;
    expect(connected).toEqual({ event: 'connected', protocol: 'Call', version: '1.0.0' });
    const { streamSid } = start as { streamSid: string };
    expect(streamSid).toMatch(/^MZ[0-9a-f]{32}$/);
    expect(start).toEqual({
      ...{ event: 'start', sequenceNumber: '1', streamSid },
      start: {
        ...{
          streamSid,
          accountSid: expect.stringMatching(/^AC/),
          callSid: expect.stringMatching(/^CA[0-9a-f]{32}$/),
        },
        tracks: ['inbound'],
        mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8_000, channels: 1 },
        customParameters: expect.objectContaining({ language: 'de', from: '+15550199', 'X-Account': '42' }),
      },
    });
    expect(saidOf('media')[0]).toEqual({
      ...{ event: 'media', sequenceNumber: expect.stringMatching(/^\d+$/), streamSid },
      media: {
        track: 'inbound',
        chunk: '1',
        timestamp: '0',
        payload: expect.stringMatching(/^[A-Za-z0-9+/]{214}==$/),
      },
    });
    expect(saidOf('dtmf')[0]).toMatchObject({ streamSid, dtmf: { track: 'inbound_track', digit: '9' } });
  });

  test('is heard, gets its marks back, and may clear', async () => {
    await using _ = await open({ dialect: 'twilio' });
    const { streamSid } = saidOf('start')[0] as { streamSid: string };
    const payload = Buffer.alloc(1_600, 0x10).toString('base64');
    tell({ event: 'media', streamSid, media: { payload } });
    tell({ event: 'mark', streamSid, mark: { name: 'said' } });
    await agent.until(() => saidOf('mark').length === 1);
    expect(saidOf('mark')[0]).toMatchObject({ event: 'mark', streamSid, mark: { name: 'said' } });
    await caller.until(() => caller.heard.filter((packet) => packet.payload[0] === 0x10).length >= 10);
    tell({ event: 'media', streamSid, media: { payload: Buffer.alloc(15_000, 0x10).toString('base64') } });
    tell({ event: 'mark', streamSid, mark: { name: 'never' } });
    tell({ event: 'clear', streamSid });
    await agent.until(() => saidOf('mark').length === 2);
  });

  test('can check that the call is ours by its signature', async () => {
    await using _ = await open({ dialect: 'twilio', account });
    const { createHmac } = await import('node:crypto');
    const expected = createHmac('sha1', account.authToken).update(agent.url).digest('base64');
    expect(socket().handshake.headers['x-twilio-signature']).toBe(expected);
  });

  test('ends its call over REST at the session that talks, where the call has gone on to its next agent', async () => {
    const request = { ...aRequest({ dialect: 'twilio', account }), callId: ulid() };
    await using before = await open({}, request);
    await using now = await open({}, request);
    const { callSid } = (saidOf('start')[0] as { start: { callSid: string } }).start;
    const Authorization = `Basic ${btoa(`${account.sid}:${account.authToken}`)}`;
    const path = `/2010-04-01/Accounts/${account.sid}/Calls/${callSid}.json`;
    expect((await ask('POST', path, 'Status=completed', { Authorization })).status).toBe(200);
    await now.until('hangup');
    expect(before.happened).toEqual([]);
  });

  test('ends its call over REST with its account, and no other', async () => {
    await using call = await open({ dialect: 'twilio', account });
    const { callSid } = (saidOf('start')[0] as { start: { callSid: string } }).start;
    const path = `/2010-04-01/Accounts/${account.sid}/Calls/${callSid}.json`;
    const as = (password: string) => ({
      ...{ Authorization: `Basic ${btoa(`${account.sid}:${password}`)}` },
      ...{ 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    const wrong = await ask('POST', path, 'Status=completed', as('wrong-auth-token'));
    expect([wrong.status, wrong.headers.get('WWW-Authenticate')]).toEqual([401, 'Basic realm="trunkline"']);
    const other = path.replace(callSid, `CA${'0'.repeat(32)}`);
    expect((await ask('POST', other, 'Status=completed', as(account.authToken))).status).toBe(401);
    expect((await ask('POST', path, 'Status=ringing', as(account.authToken))).status).toBe(400);
    expect(call.happened).toEqual([]);
    const done = await ask('POST', path, 'Status=completed', as(account.authToken));
    expect(await done.json()).toEqual({ sid: callSid, account_sid: account.sid, status: 'completed' });
    await call.until('hangup');
  });

  test.each([
    ['text that is no JSON', 'hello', 'unreadable'],
    ['a message that is not of the dialect', { event: 'play' }, 'unreadable'],
    ['audio that is no base64', { event: 'media', media: { payload: '§§§' } }, 'not-audio'],
    [
      'audio of another stream',
      { event: 'media', streamSid: 'MZ0', media: { payload: 'AAAA' } },
      'wrong-stream',
    ],
  ])('is told through the edge of %s; the call goes on', async (_, message, code) => {
    await using call = await open({ dialect: 'twilio' });
    const { streamSid } = saidOf('start')[0] as { streamSid: string };
    tell(typeof message === 'string' ? message : { streamSid, ...message });
    expect(await call.until('message-refused')).toMatchObject({ code });
    caller.press(3, call.port);
    await agent.until(() => saidOf('dtmf').length === 1);
  });
});

describe('what an agent says badly', () => {
  test.each([
    ['text that is no JSON', 'hello', 'unreadable', 'a text frame must be one JSON object'],
    ['an unknown type', { type: 'sing' }, 'unreadable', 'type: '],
    ['keys that are none', { type: 'dtmf', digits: '12x' }, 'unreadable', 'digits: must be keys 0-9'],
  ])('%s is answered with an error that says what to send', async (_, message, code, says) => {
    await using call = await open();
    tell(message);
    await agent.until(() => saidOf('error').length === 1);
    expect(saidOf('error')).toEqual([{ type: 'error', code, message: expect.stringContaining(says) }]);
    expect(await call.until('message-refused')).toMatchObject({ code });
  });

  test('an odd number of bytes is answered, and not played', async () => {
    await using _ = await open();
    socket().connection.sendBytes(Buffer.alloc(321, 0x22));
    await agent.until(() => saidOf('error').length === 1);
    expect(saidOf('error')[0]).toMatchObject({
      code: 'odd-length',
      message: expect.stringContaining('321 bytes'),
    });
  });

  test('more audio than may wait is dropped and answered', async () => {
    await using _ = await open();
    for (let second = 0; second < 3; second += 1) socket().connection.sendBytes(Buffer.alloc(32_000, 1));
    await agent.until(() => saidOf('error').length >= 1);
    expect(saidOf('error')[0]).toMatchObject({ code: 'queue-full' });
  });

  test('more marks than may wait is answered', async () => {
    await using _ = await open();
    socket().connection.sendBytes(Buffer.alloc(32_000, 0x22));
    for (let mark = 0; mark < 300; mark += 1) tell({ type: 'mark', name: `mark ${mark}` });
    await agent.until(() => saidOf('error').length === 300 - 256);
    expect(saidOf('error')[0]).toMatchObject({ code: 'queue-full', message: expect.stringContaining('256') });
  });

  test('keys for a side that takes none are answered, and the edge is not told that they were sent', async () => {
    const sdp = caller.offer().replace(/a=rtpmap:101.*\r\n/, '');
    await using call = await open({}, { ...aRequest(), sdp });
    tell({ type: 'dtmf', digits: '12' });
    tell({ type: 'hold' });
    await call.until('hold');
    expect(saidOf('error')).toMatchObject([{ code: 'no-telephone-event' }]);
    expect(call.happened.map(({ type }) => type)).toEqual(['message-refused', 'hold']);
  });

  test('a flood has to wait, and none of it is lost', async () => {
    await using call = await open();
    for (let message = 0; message < 3_000; message += 1) tell({ type: 'clear' });
    tell({ type: 'hold' });
    await agent.until(() => saidOf('error').some(({ code }) => code === 'flood'));
    caller.press(1, call.port);
    await agent.until(() => saidOf('dtmf').length === 1);
    await call.until('hold');
    expect(saidOf('error').every(({ code }) => code === 'flood')).toBe(true);
    expect(saidOf('error').length).toBeLessThan(10);
  });
});

describe('a session that cannot be', () => {
  const refused = async (request: object) => {
    const answered = await ask('POST', '/sessions', request);
    return { status: answered.status, ...((await answered.json()) as object) };
  };

  test.each([
    ['whose agent nobody is at', { url: 'ws://127.0.0.1:1/' }, 502, 'unreachable'],
    ['whose agent has no name that is known', { url: 'ws://agent.invalid/' }, 502, 'unreachable'],
  ])('%s says so', async (_, own, status, fault) => {
    expect(await refused(aRequest(own))).toMatchObject({ status, fault });
  });

  test('because the agent refuses or redirects says with what', async () => {
    await using other = await anAgent({ refuse: () => {} });
    const at = (path: string) => aRequest({ url: `ws://127.0.0.1:${other.port}/${path}` });
    expect(await refused(at('call'))).toMatchObject({
      status: 502,
      fault: 'refused',
      error: expect.stringContaining('401'),
    });
    expect(await refused(at('moved'))).toMatchObject({
      fault: 'redirected',
      error: expect.stringContaining('302'),
    });
  });

  test('because the agent does not speak this version of the protocol says which one it must', async () => {
    await using other = await anAgent({ protocol: null });
    expect(await refused(aRequest({ url: other.url }))).toMatchObject({
      ...{ status: 502, fault: 'refused' },
      error: expect.stringContaining('must answer the handshake with the subprotocol trunkline.pcm.v1'),
    });
  });

  test('because its edge has gone meanwhile leaves nothing behind', async () => {
    const { WebSocketServer } = await import('ws');
    let letIn = (_yes: boolean) => {};
    const asked = new Promise<void>((resolve) => {
      const verifyClient = (_: unknown, done: (yes: boolean) => void) => {
        letIn = done;
        resolve();
      };
      slow = new WebSocketServer({ host: '127.0.0.1', port: 0, verifyClient });
    });
    await once(slow, 'listening');
    const { port } = slow.address() as { port: number };
    const edge = new AbortController();
    const body = JSON.stringify(aRequest({ url: `ws://127.0.0.1:${port}/`, dialect: 'twilio' }));
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const asking = fetch(`${gateway.url}/sessions`, { method: 'POST', body, headers, signal: edge.signal });
    await asked;
    expect(gateway.sessions).toBe(1);
    edge.abort();
    await expect(asking).rejects.toThrow();
    // What comes after it has been answered twice: by then the gateway has seen it go.
    for (const path of ['/ready', '/live']) await ask('GET', path);
    const since = performance.now();
    const [[client]] = await Promise.all([once(slow, 'connection'), letIn(true)]);
    await once(client, 'close');
    await expect.poll(() => gateway.sessions).toBe(0);
    // At once, and not because nobody followed it.
    expect(performance.now() - since).toBeLessThan(20_000);
    await new Promise((closed) => slow.close(closed));
  });

  test('because nobody answers the handshake is over in its time', async () => {
    const { createServer } = await import('node:net');
    const silent = createServer((connection) => void connection.resume());
    await new Promise<void>((ready) => silent.listen(0, '127.0.0.1', ready));
    const { port } = silent.address() as { port: number };
    expect(await refused(aRequest({ url: `ws://127.0.0.1:${port}/`, connectMs: 150 }))).toMatchObject({
      status: 504,
      fault: 'connect-timeout',
    });
    await new Promise((closed) => silent.close(closed));
  });

  test('because of its offer is told what to offer', async () => {
    const request = { ...aRequest(), sdp: caller.offer().replace('RTP/AVP', 'RTP/SAVP') };
    expect(await refused(request)).toMatchObject({
      status: 422,
      fault: 'unfit-offer',
      error: expect.stringContaining('offer RTP/AVP'),
    });
  });

  test.each([
    ['no JSON', '{', 'the body must be JSON'],
    ['a URL of another kind', { url: 'http://agent.example.com/' }, 'agent.url: must be a WebSocket URL'],
    ['a rate that is none', { rate: 44_100 }, 'agent.rate: '],
    ['a field that is none', { volume: 11 }, 'agent: Unrecognized key: "volume"'],
  ])('because the request has %s is refused by field', async (_, own, says) => {
    const request = typeof own === 'string' ? own : aRequest(own as object);
    const answered = await ask('POST', '/sessions', request);
    expect([answered.status, ((await answered.json()) as { error: string }).error]).toEqual([
      400,
      expect.stringContaining(says),
    ]);
  });

  test('because the token is missing says nothing more', async () => {
    const answered = await fetch(`${gateway.url}/sessions`, {
      method: 'POST',
      body: JSON.stringify(aRequest()),
    });
    expect([answered.status, answered.headers.get('WWW-Authenticate')]).toEqual([
      401,
      'Bearer realm="trunkline"',
    ]);
    expect(agent.sockets).toEqual([]);
  });

  test('any more is 404', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/events'],
      ['POST', '/reoffer'],
    ] as const)
      expect(
        (await ask(method, `/sessions/${ulid()}${path}`, method === 'POST' ? {} : undefined)).status,
      ).toBe(404);
  });
});

test('numbers of a session are told while it lasts and at its end', async () => {
  const call = await open();
  caller.speak(tone(440, 20), call.port);
  await agent.until(() => socket().binary.length >= 1);
  const stats = await (await ask('GET', `/sessions/${call.id}`)).json();
  expect(stats).toMatchObject({ packetsReceived: 1, packetsLost: 0, refusals: 0, reconnects: 0 });
  await call[Symbol.asyncDispose]();
  expect(call.happened.at(-1)).toMatchObject({ type: 'ended' });
  await agent.until(() => saidOf('stop').length === 1);
  expect(saidOf('stop')).toEqual([{ type: 'stop', reason: 'test' }]);
});

test('another offer of the caller goes to the same agent', async () => {
  await using call = await open();
  const answered = await ask('POST', `/sessions/${call.id}/reoffer`, { sdp: caller.offer('a=sendonly\r\n') });
  expect(((await answered.json()) as { sdp: string }).sdp).toContain('a=recvonly');
  expect(agent.sockets).toHaveLength(1);
});
