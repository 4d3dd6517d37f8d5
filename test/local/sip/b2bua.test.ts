import { expect, test } from 'vitest';
import { type ServerUnderTest, serverUnderTest } from './server-under-test.ts';
import { fresh, type Heard, type RequestParts, SipPeer, sdp } from './sip-peer.ts';
import { type ConnectedApp, connectApp, type SrfDialog } from './srf-app.ts';

const target = (peer: SipPeer): string => `sip:bob@127.0.0.1:${peer.port}`;

interface Joined extends ConnectedApp {
  readonly calls: { uas: SrfDialog; uac: SrfDialog }[];
  readonly refusals: number[];
}

/** An app that joins each caller with this callee. */
async function joining(server: ServerUnderTest, callee: SipPeer, options: object = {}): Promise<Joined> {
  const calls: Joined['calls'] = [];
  const refusals: number[] = [];
  const app = await connectApp(server, (srf) =>
    srf.invite((request, response) =>
      srf.createB2BUA(request, response, target(callee), { ...options }).then(
        (call) => {
          calls.push(call);
          call.uas.once('destroy', () => void call.uac.destroy());
          call.uac.once('destroy', () => void call.uas.destroy());
        },
        (error: { status?: number }) => refusals.push(error.status ?? 0),
      ),
    ),
  );
  return { ...app, calls, refusals };
}

function invite(caller: SipPeer, server: ServerUnderTest, parts: RequestParts = {}) {
  const same = { callId: fresh('call-'), branch: fresh('z9hG4bK') };
  caller.send(caller.request('INVITE', server.sipPort, { ...same, body: sdp(), ...parts }));
  return same;
}

const status = (code: number, cseq: string) => (message: Heard) =>
  message.startLine.startsWith(`SIP/2.0 ${code} `) && message.header('cseq') === cseq;

test('chosen headers pass from caller to callee, and from each response back', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await joining(server, callee, {
    proxyRequestHeaders: ['X-In', 'Subject', 'User-to-User'],
    proxyResponseHeaders: ['X-Out'],
    responseHeaders: { 'X-Always': 'yes' },
  });
  await using caller = await SipPeer.udp(server.sipPort);
  const headers = ['X-In: grüß', 'Subject: one', 'User-to-User: 00c0;encoding=hex', 'X-Private: no'];
  invite(caller, server, { headers });
  const passed = await callee.next(/^INVITE/);
  expect(['x-in', 'subject', 'user-to-user', 'x-private'].map((name) => passed.header(name))).toEqual([
    'grüß',
    'one',
    '00c0;encoding=hex',
    '',
  ]);
  expect(passed.header('from')).toContain('sip:peer@');
  callee.reply(passed, '180 Ringing', { headers: ['X-Out: ringing', 'X-Inner: no'] });
  const ringing = await caller.next(/ 180 /);
  expect(['x-out', 'x-inner', 'x-always'].map((name) => ringing.header(name))).toEqual([
    'ringing',
    '',
    'yes',
  ]);
  callee.reply(passed, '200 OK', { body: sdp(), headers: ['X-Out: answered'] });
  expect((await caller.next(/ 200 /)).header('x-out')).toBe('answered');
});

test('all headers pass when the app says so, but for those that are each call’s own', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await joining(server, callee, { proxyRequestHeaders: ['all', '-X-Private'] });
  await using caller = await SipPeer.udp(server.sipPort);
  const { callId } = invite(caller, server, {
    headers: ['X-One: 1', 'X-Private: no', 'P-Early-Media: supported'],
  });
  const passed = await callee.next(/^INVITE/);
  expect(['x-one', 'x-private', 'p-early-media'].map((name) => passed.header(name))).toEqual([
    '1',
    '',
    'supported',
  ]);
  expect(passed.header('call-id')).not.toBe(callId);
  expect(passed.header('via')).not.toContain(`:${caller.port}`);
  callee.reply(passed, '404 Not Found');
  await caller.next(/ 404 /);
});

test('the callee refuses: the caller hears the same status and reason, with the headers chosen', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using app = await joining(server, callee, { proxyResponseHeaders: ['Retry-After'] });
  await using caller = await SipPeer.udp(server.sipPort);
  invite(caller, server);
  callee.reply(await callee.next(/^INVITE/), '480 Asleep', { headers: ['Retry-After: 60'] });
  const refused = await caller.next(/ 480 /);
  expect([refused.startLine, refused.header('retry-after')]).toEqual(['SIP/2.0 480 Asleep', '60']);
  await callee.next(/^ACK/);
  await expect.poll(() => app.refusals).toEqual([480]);
});

test('the caller cancels: the callee is canceled with the reason, and both calls are over', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using app = await joining(server, callee);
  await using caller = await SipPeer.udp(server.sipPort);
  const same = invite(caller, server);
  const ringing = await callee.next(/^INVITE/);
  callee.reply(ringing, '180 Ringing');
  await caller.next(/ 180 /);
  const headers = ['Reason: SIP;cause=200;text="Call completed elsewhere"'];
  caller.send(caller.request('CANCEL', server.sipPort, { ...same, headers }));
  await caller.until(status(200, '1 CANCEL'));
  await caller.until(status(487, '1 INVITE'));
  const cancel = await callee.next(/^CANCEL/);
  expect(cancel.header('reason')).toBe('SIP;cause=200;text="Call completed elsewhere"');
  callee.reply(cancel, '200 OK');
  callee.reply(ringing, '487 Request Terminated');
  await callee.next(/^ACK/);
  await expect.poll(() => app.refusals).toEqual([487]);
  if (server.stats) await expect.poll(() => server.stats?.()).toMatchObject({ dialogs: 0, inviting: 0 });
});

test('a caller without an offer: the callee’s offer goes back, and the answer in the ACK goes on', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using app = await joining(server, callee);
  await using caller = await SipPeer.udp(server.sipPort);
  const { callId } = invite(caller, server, { body: '' });
  const passed = await callee.next(/^INVITE/);
  expect(passed.body).toBe('');
  callee.reply(passed, '200 OK', { body: sdp(6001) });
  const ok = await caller.next(/ 200 /);
  expect(ok.body).toBe(sdp(6001));
  caller.send(caller.request('ACK', server.sipPort, { callId, to: ok.header('to'), body: sdp(6002) }));
  const ack = await callee.next(/^ACK/);
  expect(ack.body).toBe(sdp(6002));
  await expect.poll(() => app.calls.length).toBe(1);
});

test('a reliable 183 passes with its PRACK on either side before the answer', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await joining(server, callee, {
    proxyRequestHeaders: ['Supported'],
    proxyResponseHeaders: ['Require'],
  });
  await using caller = await SipPeer.udp(server.sipPort);
  const { callId } = invite(caller, server, { headers: ['Supported: 100rel'] });
  const passed = await callee.next(/^INVITE/);
  expect(passed.header('supported')).toContain('100rel');
  callee.reply(passed, '183 Session Progress', { body: sdp(6003), headers: ['Require: 100rel', 'RSeq: 7'] });
  const prack = await callee.next(/^PRACK/);
  expect(prack.header('rack')).toBe(`7 ${passed.header('cseq')}`);
  callee.reply(prack, '200 OK');
  const early = await caller.next(/ 183 /);
  expect([early.header('require'), early.body]).toEqual(['100rel', sdp(6003)]);
  const headers = [`RAck: ${early.header('rseq')} 1 INVITE`];
  caller.send(caller.request('PRACK', server.sipPort, { callId, to: early.header('to'), cseq: 2, headers }));
  await caller.until(status(200, '2 PRACK'));
  callee.reply(passed, '200 OK', { body: sdp(6003) });
  await caller.until(status(200, '1 INVITE'));
});

test('the callee hangs up: the caller’s call is ended, and nothing is left', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.tcp(server.sipPort);
  await using app = await connectApp(server, (srf) =>
    srf.invite(async (request, response) => {
      const uri = `${target(callee)};transport=tcp`;
      const { uas, uac } = await srf.createB2BUA(request, response, uri, { localSdpB: request.body });
      uac.once('destroy', () => void uas.destroy());
    }),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const { callId } = invite(caller, server);
  const passed = await callee.next(/^INVITE/);
  callee.reply(passed, '200 OK', { body: sdp() });
  const ok = await caller.next(/ 200 /);
  caller.send(caller.request('ACK', server.sipPort, { callId, to: ok.header('to') }));
  await callee.next(/^ACK/);
  callee.send(
    callee.request('BYE', server.sipPort, {
      callId: passed.header('call-id'),
      fromTag: 'callee',
      to: passed.header('from'),
      uri: passed.header('contact').slice(1, -1),
    }),
  );
  await callee.next(/ 200 OK/);
  caller.reply(await caller.next(/^BYE/), '200 OK');
  if (server.stats) await expect.poll(() => server.stats?.().dialogs).toBe(0);
  void app;
});
