import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { SipServerOptions } from '../../../../local/sip/sip-server.ts';
import { embedded } from '../server-under-test.ts';
import { connectApp, type SrfDialog } from '../srf-app.ts';
import { callThrough, takeCalls } from './call-taken.ts';

const contacts = ['udp,tcp', 'tls', 'ws', 'wss'].map((one) => `sip:127.0.0.1:0;transport=${one}`);

async function attacked(limits: NonNullable<SipServerOptions['limits']>) {
  const server = await embedded({}, { contacts, limits });
  const calls = new Map<string, Promise<SrfDialog>>();
  const app = await connectApp(server, (srf) => takeCalls(srf, calls));
  return {
    server,
    goesOn: () => callThrough('TCP', server, calls),
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  await new Promise<void>((resolve) => {
    for (const event of ['connect', 'close']) socket.once(event, () => resolve());
  });
  return socket;
}

/** Closed or reset: which it is depends on what was still under way. */
const gone = (socket: Socket | WebSocket): Promise<void> =>
  new Promise((resolve) => {
    if ('closed' in socket && socket.closed) resolve();
    socket.once('close', () => resolve());
  });

test('a stream that drips one byte after the other is closed once its message takes too long', async () => {
  await using under = await attacked({ message: 300 });
  const dripping = await connected(under.server.portOf('tcp'));
  const drip = setInterval(() => dripping.write('O'), 20);
  try {
    await Promise.all([gone(dripping), under.goesOn()]);
  } finally {
    clearInterval(drip);
  }
});

for (const transport of ['tls', 'wss', 'ws'])
  test(`a ${transport} handshake that does not come to an end is given up`, async () => {
    await using under = await attacked({ handshake: 300 });
    const halfOpen = await connected(under.server.portOf(transport));
    await Promise.all([gone(halfOpen), under.goesOn()]);
  });

test('of the subprotocols that a WebSocket offers the one for SIP is taken (RFC 7118 §4)', async () => {
  await using under = await attacked({});
  const socket = new WebSocket(`ws://127.0.0.1:${under.server.portOf('ws')}`, ['chat', 'sip']);
  await once(socket, 'open');
  expect(socket.protocol).toBe('sip');
  socket.terminate();
});

test('what is no WebSocket for SIP is refused', async () => {
  await using under = await attacked({});
  const url = `ws://127.0.0.1:${under.server.portOf('ws')}`;
  for (const protocols of [[], ['chat']]) {
    const socket = new WebSocket(url, protocols);
    const [error] = await once(socket, 'error');
    expect(String(error)).toContain('400');
  }
  const answer = await fetch(url.replace('ws:', 'http:'));
  expect(answer.status).toBe(426);
});

test('one address may open so many connections and no more, and those it has go on', async () => {
  await using under = await attacked({ perAddress: 3 });
  const port = under.server.portOf('tcp');
  const sockets = [await connected(port), await connected(port), await connected(port)];
  const refused = await connected(port);
  await gone(refused);
  sockets[0]?.destroy();
  await expect.poll(() => under.server.stats?.().tcpConnections).toBe(2);
  await under.goesOn();
});

test('silent connections make room for new ones when there are too many', async () => {
  await using under = await attacked({ connections: 3 });
  const port = under.server.portOf('tcp');
  const oldest = await connected(port);
  const others = [await connected(port), await connected(port)];
  await Promise.all([gone(oldest), under.goesOn()]);
  expect(others.map((one) => one.readyState)).toEqual(['open', 'open']);
});

for (const what of ['headers', 'a body'])
  test(`a message with ${what} larger than allowed ends its connection, not the others`, async () => {
    await using under = await attacked({});
    const socket = await connected(under.server.portOf('tcp'));
    const start = 'OPTIONS sip:a@b SIP/2.0\r\n';
    socket.write(
      what === 'headers' ? `${start}X: ${'x'.repeat(70_000)}` : `${start}Content-Length: 70000\r\n\r\n`,
    );
    await Promise.all([gone(socket), under.goesOn()]);
  });

test('a WebSocket message larger than allowed ends its connection', async () => {
  await using under = await attacked({});
  const socket = new WebSocket(`ws://127.0.0.1:${under.server.portOf('ws')}`, 'sip');
  socket.on('error', () => {});
  await once(socket, 'open');
  socket.send('x'.repeat(70_000));
  await Promise.all([gone(socket), under.goesOn()]);
});

test('a silent stream is closed after its time, a WebSocket stays as long as it answers', async () => {
  await using under = await attacked({ idle: 200, message: 60_000 });
  const stream = await connected(under.server.portOf('tcp'));
  const socket = new WebSocket(`ws://127.0.0.1:${under.server.portOf('ws')}`, 'sip');
  await Promise.all([gone(stream), once(socket, 'ping')]);
  await once(socket, 'ping'); // asked again: the answer to the first has counted
  expect(socket.readyState).toBe(WebSocket.OPEN);
  socket.terminate();
});

test('a WebSocket that does not answer is given up', async () => {
  await using under = await attacked({ idle: 200, message: 200 });
  const socket = new WebSocket(`ws://127.0.0.1:${under.server.portOf('ws')}`, 'sip', { autoPong: false });
  await once(socket, 'open');
  await gone(socket);
});
