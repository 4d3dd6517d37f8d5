import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { createServer as createTcp, type Socket } from 'node:net';
import pino from 'pino';
import { ulid } from 'ulid';
import { beforeAll, describe, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { AgentSessionRequest } from '../../contracts/agent-media/session.ts';
import { openAgentSocket } from '../../gateway/agent-socket.ts';
import { Pacer } from '../../gateway/media/pacer.ts';
import { Session } from '../../gateway/session.ts';
import { authority } from '../certificates.ts';
import { heldClock } from '../edge-node/held-clock.ts';
import { faultOf, handshake } from './a-handshake.ts';
import { anRtpPeer } from './media/an-rtp-peer.ts';

let ca: Awaited<ReturnType<typeof authority>>;
beforeAll(async () => {
  ca = await authority();
});

/** An agent over TLS whose certificate is for these names. */
async function aSecureAgent(
  name: string,
  options: { readonly expired?: boolean; readonly asks?: boolean } = {},
) {
  const asked = options.asks ? { requestCert: true, rejectUnauthorized: true, ca: ca.cert } : {};
  const server = createServer({ ...(await ca.issues(name, options)), ...asked });
  const agents = new WebSocketServer({ server });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `wss://localhost:${port}/`,
    async [Symbol.asyncDispose]() {
      for (const client of agents.clients) client.terminate();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

describe('a certificate', () => {
  test('of an authority that is known, for the name that is called, lets the agent be called', async () => {
    await using agent = await aSecureAgent('localhost');
    const socket = await openAgentSocket({ ...handshake, url: agent.url, ca: ca.cert });
    expect(socket.protocol).toBe('');
    socket.terminate();
  });

  test.each([
    ['for another name', 'agent.example.com', {}],
    ['that has run out', 'localhost', { expired: true }],
  ])('%s does not', async (_, name, options) => {
    await using agent = await aSecureAgent(name, options);
    expect(await faultOf(openAgentSocket({ ...handshake, url: agent.url, ca: ca.cert }))).toBe('certificate');
  });

  test('of ours is shown to an agent that asks for it, and without it there is no call', async () => {
    await using agent = await aSecureAgent('localhost', { asks: true });
    const secure = { ...handshake, url: agent.url, ca: ca.cert };
    const socket = await openAgentSocket({ ...secure, clientCertificate: await ca.issues('trunkline.test') });
    socket.terminate();
    expect(await faultOf(openAgentSocket(secure))).not.toBe('none');
  });

  test('of an authority that nobody named does not', async () => {
    await using agent = await aSecureAgent('localhost');
    expect(await faultOf(openAgentSocket({ ...handshake, url: agent.url }))).toBe('certificate');
  });
});

test('an agent that answers with another version than it was asked for is no agent of ours', async () => {
  const agent = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    handleProtocols: () => 'trunkline.pcm.v2',
  });
  await once(agent, 'listening');
  const url = `ws://127.0.0.1:${(agent.address() as { port: number }).port}/`;
  await expect(openAgentSocket({ ...handshake, url, subprotocol: 'trunkline.pcm.v1' })).rejects.toMatchObject(
    {
      ...{ fault: 'refused', message: expect.stringContaining('the subprotocol trunkline.pcm.v1') },
    },
  );
  await new Promise((closed) => agent.close(closed));
});

describe('an address that is not public', () => {
  test.each([
    'ws://127.0.0.1:1/',
    'ws://localhost:1/',
    'ws://10.0.0.7/',
    'ws://192.168.1.1/',
    'ws://169.254.169.254/latest/meta-data',
    'ws://[::1]/',
    'ws://[fd00::1]/',
    'ws://[::ffff:10.0.0.1]/',
    'ws://0.0.0.0/',
    'ws://100.64.0.1/',
  ])('%s is not called unless the gateway may', async (url) => {
    expect(await faultOf(openAgentSocket({ ...handshake, url, allowPrivate: false }))).toBe(
      'private-address',
    );
  });
});

test('an agent that reads nothing is bounded: frames are left out, and it counts as lost in the end', async () => {
  const sockets = new Set<Socket>();
  // A handshake, and then not a byte is read.
  const server = createTcp((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (request) => {
      socket.pause();
      socket.write(answerTo(String(request)));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const held = heldClock();
  const clock = { now: () => held.monotonic(), after: held.after };
  await using caller = await anRtpPeer();
  const happened: string[] = [];
  const request = AgentSessionRequest.parse({
    ...{ callId: ulid(), sdp: caller.offer(), call: { from: '+15550199', to: '+15550100' } },
    agent: { url: `ws://127.0.0.1:${port}/`, dialect: 'twilio', reconnects: 0 },
  });
  const session = await Session.open({
    ...{ request, clock, pacer: new Pacer(clock), allowPrivate: true, ca: undefined },
    ...{ address: '127.0.0.1', ports: { min: 0, max: 0 }, maxQueueMs: 1_000, silenceMs: 60_000 },
    tell: ({ type }) => void happened.push(type),
    logger: pino({ level: 'silent' }),
  });
  const frame = new Uint8Array(160);
  for (let sent = 0; sent < 100_000 && session.stats().framesDropped === 0; sent += 1) {
    session.listener.audio(frame, sent * 20);
    if (sent % 1_000 === 0) await new Promise((next) => setImmediate(next));
  }
  expect(session.stats().framesDropped).toBeGreaterThan(0);
  held.pass(20_000);
  await expect.poll(() => happened).toEqual(['disconnected', 'failed']);
  await session.end('test');
  for (const socket of sockets) socket.destroy();
  await new Promise((closed) => server.close(closed));
});

/** RFC 6455 section 4.2.2. */
function answerTo(request: string): string {
  const key = /sec-websocket-key: (\S+)/i.exec(request)?.[1] ?? '';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}
