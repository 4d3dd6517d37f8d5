import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { embedded, type ServerUnderTest } from '../server-under-test.ts';
import { fresh, SipPeer, sdp } from '../sip-peer.ts';
import { connectApp } from '../srf-app.ts';
import { callThrough, takeCalls } from '../transports/call-taken.ts';

/* What a stream says of its own length, and what many streams together may cost. */

async function underAttack(limits: object = {}) {
  const server = await embedded({}, { limits });
  const calls = new Map();
  const app = await connectApp(server, (srf) => {
    takeCalls(srf, calls);
    srf.options((_request, response) => response.send(200));
  });
  return {
    server,
    goesOn: () => callThrough('UDP', server, calls),
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** What came back until the server closed the stream. */
async function answeredAndClosed(server: ServerUnderTest, bytes: string): Promise<string> {
  const socket = connect(server.sipPort, '127.0.0.1');
  let heard = '';
  socket.on('error', () => {});
  socket.on('data', (data) => {
    heard += data.toString('latin1');
  });
  socket.write(bytes);
  await once(socket, 'close');
  return heard;
}

const options = (peer: SipPeer, server: ServerUnderTest, length: string) =>
  peer.request('OPTIONS', server.sipPort).replace(/Content-Length: 0\r\n/, length);

const line = (value: string) => `Content-Length: ${value}\r\n`;

test.each([
  ['none', '', 400],
  ['an empty one', line(''), 400],
  ['a negative one', line('-1'), 400],
  ['one with a plus', line('+5'), 400],
  ['a hexadecimal one', line('0x10'), 400],
  ['one of 40 digits', line('9'.repeat(40)), 513],
  ['one of 2^32', line(String(2 ** 32)), 513],
  ['one over the limit', line('65536'), 513],
  ['two that differ', line('0') + line('4'), 400],
  ['a compact one that differs', `${line('0')}l: 4\r\n`, 400],
  ['a list of two', line('0, 4'), 400],
])('a Content-Length on TCP, %s: refused, its stream closed, calls go on', async (_what, length, status) => {
  await using under = await underAttack();
  await using peer = await SipPeer.udp(under.server.sipPort);
  const text = options(peer, under.server, length).replace('SIP/2.0/UDP', 'SIP/2.0/TCP');
  expect(await answeredAndClosed(under.server, text)).toMatch(new RegExp(`^SIP/2\\.0 ${status} `));
  await under.goesOn();
});

test('a Content-Length smaller than the body: what follows is no message, and ends the stream', async () => {
  await using under = await underAttack();
  await using peer = await SipPeer.udp(under.server.sipPort);
  const text = options(peer, under.server, line('3')).replace('SIP/2.0/UDP', 'SIP/2.0/TCP');
  await answeredAndClosed(under.server, `${text}abcdefghi\r\n\r\n`);
  await under.goesOn();
});

test('a Content-Length larger than the body waits for the rest no longer than a message may take', async () => {
  await using under = await underAttack({ message: 300 });
  await using peer = await SipPeer.udp(under.server.sipPort);
  const text = options(peer, under.server, line('60000')).replace('SIP/2.0/UDP', 'SIP/2.0/TCP');
  expect(await answeredAndClosed(under.server, text)).toBe('');
  await under.goesOn();
});

test.each([
  ['one header of a megabyte', () => `X: ${'y'.repeat(1024 * 1024)}`],
  ['ten thousand Via headers', () => manyHeaders('Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK')],
  ['ten thousand Route headers', () => manyHeaders('Route: <sip:192.0.2.1;lr>')],
])('%s on TCP: its stream ends, and calls go on', async (_what, bomb) => {
  await using under = await underAttack();
  await using peer = await SipPeer.udp(under.server.sipPort);
  const text = options(peer, under.server, line('0')).replace('Max-', `${bomb()}\r\nMax-`);
  expect(await answeredAndClosed(under.server, text)).toBe('');
  await under.goesOn();
});

const manyHeaders = (one: string): string => Array.from({ length: 10_000 }, () => one).join('\r\n');

/** A refusal may be there before the connection is: that is an error and a close. */
const connectedOrRefused = (socket: Socket): Promise<void> =>
  new Promise((done) => socket.once('connect', () => done()).once('close', () => done()));

/** Connections of which none gets beyond the half of a message; closed by whoever is first. */
async function halfFinished(port: number, many: number, half: string): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < many) {
    const some = Array.from({ length: Math.min(100, many - sockets.length) }, () =>
      connect(port, '127.0.0.1'),
    );
    for (const socket of some) socket.on('error', () => {}).resume();
    await Promise.all(some.map(connectedOrRefused));
    for (const socket of some) socket.write(half);
    sockets.push(...some);
  }
  return sockets;
}

test('a thousand connections with half a message each: no more are kept than allowed, and calls go on', async () => {
  await using under = await underAttack({ perAddress: 200, connections: 200, message: 60_000 });
  const sockets = await halfFinished(
    under.server.sipPort,
    1_000,
    `OPTIONS sip:a@b SIP/2.0\r\nX: ${'y'.repeat(2_000)}`,
  );
  await under.goesOn();
  expect(under.server.stats?.().tcpConnections).toBeLessThanOrEqual(200);
  for (const socket of sockets) socket.destroy();
  await expect.poll(() => under.server.stats?.().tcpConnections).toBe(0);
});

test('two thousand calls that are begun and never acknowledged are forgotten, and others go on', async () => {
  const timers = { t1: 50, t2: 100, t4: 100, t1x64: 400 };
  await using server = await embedded(timers);
  await using _app = await connectApp(server, (srf) => {
    srf.invite((_request, response) => response.send(486));
    srf.options((_request, response) => response.send(200));
  });
  await using hostile = await SipPeer.udp(server.sipPort);
  await using other = await SipPeer.udp(server.sipPort);
  for (let call = 1; call <= 2_000; call++) {
    hostile.send(hostile.request('INVITE', server.sipPort, { callId: fresh('half-'), body: sdp() }));
    if (call % 100 !== 0) continue;
    other.send(other.request('OPTIONS', server.sipPort));
    await other.next(/ 200 /);
  }
  await expect
    .poll(() => server.stats?.(), { timeout: 20_000 })
    .toMatchObject({ serverTransactions: 0, unanswered: 0, dialogs: 0 });
});
