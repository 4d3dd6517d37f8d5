import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { embedded, onDrachtio, quick, serverUnderTest } from './server-under-test.ts';
import { type Heard, SipPeer } from './sip-peer.ts';
import { connectApp } from './srf-app.ts';

/* What goes over the wire: repeated, merged, malformed and oversized messages, and the way back of a response. */

test('TCP: messages in pieces, several in one piece, and keep-alives between them', async () => {
  await using server = await serverUnderTest();
  await using _app = await connectApp(server, (srf) =>
    srf.message((request, response) => response.send(200, { headers: { 'X-Echo': request.body } })),
  );
  await using peer = await SipPeer.tcp(server.sipPort);
  const one = (n: number) => peer.request('MESSAGE', server.sipPort, { body: `v=${n} Grüße` });
  const keepAlive = onDrachtio ? '' : '\r\n\r\n'; // drachtio-server stops reading a stream with one between messages
  const all = Buffer.from(`${one(1)}${keepAlive}${one(2)}${one(3)}`);
  for (let at = 0; at < all.length; at += 11) {
    peer.send(all.subarray(at, at + 11));
    await new Promise(setImmediate);
  }
  const echoes: Heard[] = [await peer.next(/ 200 /), await peer.next(/ 200 /), await peer.next(/ 200 /)];
  expect(echoes.map((heard) => heard.header('x-echo'))).toEqual(['v=1 Grüße', 'v=2 Grüße', 'v=3 Grüße']);
});

test('TCP: a ping of two empty lines is answered with one', async () => {
  await using server = await serverUnderTest();
  const socket = connect(server.sipPort, '127.0.0.1');
  const pong = new Promise<string>((found) => socket.on('data', (data) => found(data.toString())));
  socket.write('\r\n\r\n');
  expect(await pong).toBe('\r\n');
  socket.destroy();
});

test.each([
  ['too large a body', 'Content-Length: 100000000', ''],
  ['no Content-Length', 'X-None: 1', ''],
  ['headers without end', 'X-Long: ', 'y'.repeat(80_000)],
])('TCP: %s ends that connection and no other', async (_what, header, more) => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) =>
    srf.options((_request, response) => response.send(200)),
  );
  await using peer = await SipPeer.tcp(server.sipPort);
  const socket = connect(server.sipPort, '127.0.0.1');
  const closed = new Promise<void>((done) => socket.on('close', () => done()));
  socket.on('error', () => {});
  socket.resume();
  const request = peer
    .request('OPTIONS', server.sipPort)
    .replace('Content-Length: 0\r\n\r\n', `${header}${more}`);
  socket.write(more === '' ? `${request}\r\n\r\n` : request);
  await closed;
  peer.send(peer.request('OPTIONS', server.sipPort));
  await peer.next(/ 200 /);
});

test('TCP: a message that never ends is given up after a while', async () => {
  await using server = await embedded(quick);
  const socket = connect(server.sipPort, '127.0.0.1');
  const closed = new Promise<void>((done) => socket.on('close', () => done()));
  socket.on('error', () => {});
  socket.write('OPTIONS sip:a@b SIP/2.0\r\nVia: ');
  await closed;
});

test('TCP: a response finds its way when the connection of its request is gone', async () => {
  await using server = await serverUnderTest();
  let answer: (() => void) | undefined;
  await using _app = await connectApp(server, (srf) =>
    srf.options((_request, response) => {
      answer = () => response.send(200);
    }),
  );
  await using peer = await SipPeer.tcp(server.sipPort);
  const socket = connect(server.sipPort, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(peer.request('OPTIONS', server.sipPort));
  await expect.poll(() => answer).toBeDefined();
  socket.destroy();
  if (server.stats) {
    await expect.poll(() => server.stats?.().tcpConnections).toBe(1);
    answer?.();
    await peer.next(/ 200 /);
  }
});

test('an address in use is refused with what and where', async () => {
  await using server = await embedded();
  const { startSipServer } = await import('../../../local/sip/sip-server.ts');
  for (const transport of ['udp', 'tcp', 'udp,tcp']) {
    const contacts = [`sip:127.0.0.1:${server.sipPort};transport=${transport}`];
    const starting = startSipServer({ admin: { host: '127.0.0.1', port: 0, secret: 'x' }, contacts });
    await expect(starting).rejects.toThrow(`127.0.0.1:${server.sipPort} cannot be listened on`);
  }
});
