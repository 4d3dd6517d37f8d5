import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { RawApp } from './raw-app.ts';
import { embedded, type ServerUnderTest, serverUnderTest } from './server-under-test.ts';
import { fresh, SipPeer, sdp } from './sip-peer.ts';
import { connectApp } from './srf-app.ts';

async function authenticated(server: ServerUnderTest): Promise<RawApp> {
  const app = await RawApp.connect(server.admin);
  expect(await app.ask(`authenticate|${server.secret}|blue,green`)).toMatch(/^OK\|/);
  return app;
}

test('the right secret is answered with the addresses and a version whose ping drachtio-srf uses', async () => {
  await using server = await serverUnderTest();
  const app = await RawApp.connect(server.admin);
  const [ok, hostports, version, localHostports] = (await app.ask(`authenticate|${server.secret}|`)).split(
    '|',
  );
  expect(ok).toBe('OK');
  expect(hostports?.split(',').sort()).toEqual([
    `tcp/127.0.0.1:${server.sipPort}`,
    `udp/127.0.0.1:${server.sipPort}`,
  ]);
  expect(version).toMatch(/^v0\.9\.10/);
  expect(localHostports).toBe(hostports);
  expect(await app.ask('ping')).toBe('OK|pong');
  app.close();
});

test('a wrong secret is refused and the connection closed', async () => {
  await using server = await serverUnderTest();
  const app = await RawApp.connect(server.admin);
  expect(await app.ask('authenticate|wrong|')).toBe('NO|incorrect secret');
  await app.closed;
  await expect(connectApp({ ...server, secret: 'wrong' })).rejects.toThrow('failed to authenticate');
});

// drachtio-server lets anyone route before it authenticates
test('nothing is done for an app that has not authenticated', async () => {
  await using server = await embedded();
  const app = await RawApp.connect(server.admin);
  expect(await app.ask('route|invite')).toBe('NO|not authenticated');
  await app.closed;
});

test('route and remove_route: requests come, and no longer', async () => {
  await using server = await serverUnderTest();
  const app = await authenticated(server);
  await using peer = await SipPeer.udp(server.sipPort);
  expect(await app.ask('route|message')).toBe('OK');
  expect(await app.ask('route|message')).toBe('OK');
  peer.send(peer.request('MESSAGE', server.sipPort));
  await app.until((frame) => frame.includes('|sip|network|'));
  expect(await app.ask('remove_route|message')).toBe('OK');
  peer.send(peer.request('MESSAGE', server.sipPort));
  await peer.next(/ 503 /);
  app.close();
});

test.each([
  ['bogus|x', 'NO|Unknown message type'],
  [
    'sip||no-such-dialog|\r\nBYE sip:x@127.0.0.1 SIP/2.0\r\n\r\n',
    'NOK|Server error: unable to find dialog for dialog id provided',
  ],
  ['sip|no-such-transaction||\r\nSIP/2.0 200 OK\r\n\r\n', 'NOK|Response not sent due to unknown transaction'],
  ['sip|||\r\nSIP/2.0 200 OK\r\n\r\n', 'NO|transaction id missing'],
  ['proxy|nothing||||serial|||sip:a@127.0.0.1', 'NOK|Unknown transaction id: nothing'],
  [
    'sip|nothing||\r\nCANCEL sip:x@127.0.0.1 SIP/2.0\r\n\r\n',
    'NOK|unable to cancel unknown transaction id: nothing',
  ],
  ['sip|||\r\nINVITE notauri SIP/2.0\r\n\r\n', 'NOK|invalid request-uri: INVITE notauri SIP/2.0'],
  [
    'sip|||\r\nINVITE sips:a@127.0.0.1:5999;transport=tls SIP/2.0\r\n\r\n',
    'NOK|requested protocol/transport not available',
  ],
])('a command that cannot be done says why: %j', async (command, answer) => {
  await using server = await serverUnderTest();
  const app = await authenticated(server);
  expect(await app.ask(command)).toBe(answer);
  app.close();
});

test('a body whose type cannot be told is refused', async () => {
  await using server = await serverUnderTest();
  const app = await authenticated(server);
  expect(await app.ask('sip|||\r\nMESSAGE sip:a@127.0.0.1:9 SIP/2.0\r\n\r\nhello')).toBe(
    'NOK|missing content-type',
  );
  app.close();
});

test('frames with multi-byte text are counted in bytes, and may be split and joined anywhere', async () => {
  await using server = await serverUnderTest();
  await using peer = await SipPeer.udp(server.sipPort);
  const app = await authenticated(server);
  const text = 'Grüße 🙂 日本';
  const message = (n: number) =>
    `id-${n}|sip||\r\nMESSAGE sip:a@127.0.0.1:${peer.port} SIP/2.0\r\nX-Note: ${text}\r\nContent-Type: text/plain\r\n\r\n${text}${n}`;
  const bytes = Buffer.from([1, 2, 3].map((n) => RawApp.frame(message(n))).join(''));
  for (let at = 0; at < bytes.length; at += 7) {
    app.socket.write(bytes.subarray(at, at + 7));
    await new Promise(setImmediate);
  }
  for (const n of [1, 2, 3]) {
    const heard = await peer.until((one) => one.body === `${text}${n}`);
    expect(heard.header('x-note')).toBe(text);
    expect(heard.header('content-length')).toBe(String(Buffer.byteLength(`${text}${n}`)));
    peer.reply(heard, '200 OK');
    await app.until((frame) => frame.startsWith('') && frame.includes(`|response|id-${n}|OK|`));
  }
  app.close();
});

test.each(['hello#x', '99999999#', '-5#abcde'])(
  'bytes that are no frame end the connection: %s',
  async (bytes) => {
    await using server = await serverUnderTest();
    const app = await authenticated(server);
    app.socket.write(bytes);
    await app.closed;
    const other = await authenticated(server);
    other.close();
  },
);

test('two apps take turns, and each keeps its own calls', async () => {
  await using server = await serverUnderTest();
  const answers: string[] = [];
  const prepare = (name: string) => (srf: Parameters<NonNullable<Parameters<typeof connectApp>[1]>>[0]) =>
    srf.invite(async (request, response) => {
      answers.push(name);
      const dialog = await srf.createUAS(request, response, { localSdp: sdp(), headers: { 'X-App': name } });
      dialog.on('info', (_info, reply) => reply.send(200, { headers: { 'X-App': name } }));
    });
  await using _one = await connectApp(server, prepare('one'));
  await using _two = await connectApp(server, prepare('two'));
  await using caller = await SipPeer.udp(server.sipPort);
  for (let call = 0; call < 4; call++) {
    const callId = fresh('call-');
    caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
    const ok = await caller.next(/ 200 /);
    caller.send(caller.request('ACK', server.sipPort, { callId, to: ok.header('to') }));
    caller.send(caller.request('INFO', server.sipPort, { callId, cseq: 2, to: ok.header('to') }));
    const info = await caller.until((message) => message.header('cseq') === '2 INFO');
    expect(info.header('x-app')).toBe(ok.header('x-app'));
  }
  expect(answers.filter((name) => name === 'one')).toHaveLength(2);
});

test('no app is connected: 503', async () => {
  await using server = await serverUnderTest();
  await using caller = await SipPeer.udp(server.sipPort);
  for (const method of ['INVITE', 'OPTIONS', 'MESSAGE']) {
    const branch = fresh('z9hG4bK');
    const callId = fresh('call-');
    caller.send(caller.request(method, server.sipPort, { branch, callId, fromTag: method }));
    const refused = await caller.next(/ 503 /);
    if (method === 'INVITE')
      caller.send(
        caller.request('ACK', server.sipPort, { branch, callId, fromTag: method, to: refused.header('to') }),
      );
  }
});

test('an app that routed other requests is not asked: 503', async () => {
  await using server = await serverUnderTest();
  await using _app = await connectApp(server, (srf) => srf.invite(() => {}));
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('MESSAGE', server.sipPort));
  await caller.next(/ 503 /);
});

// drachtio-server leaves the caller without an answer
test('an app goes away while a call rings: the caller hears 503', async () => {
  await using server = await embedded();
  const app = await connectApp(server, (srf) => srf.invite((_request, response) => response.send(180)));
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  await caller.next(/ 180 /);
  await app[Symbol.asyncDispose]();
  await caller.next(/ 503 /);
  expect(server.stats?.()).toMatchObject({ apps: 0, unanswered: 0, dialogs: 0 });
});

test('connections that never authenticate and half frames keep nothing alive', async () => {
  const server = await embedded();
  const socket = connect(server.admin.port, server.admin.host);
  socket.on('error', () => {});
  await new Promise((done) => socket.write('40#half a frame', done));
  await server[Symbol.asyncDispose]();
  await expect.poll(() => socket.destroyed).toBe(true);
});
