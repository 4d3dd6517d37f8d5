import { afterEach, expect, test, vi } from 'vitest';
import { embedded, type ServerUnderTest, serverUnderTest } from './server-under-test.ts';
import { fresh, type Heard, type RequestParts, SipPeer, sdp } from './sip-peer.ts';
import { connectApp, type SrfApp, type SrfDialog } from './srf-app.ts';

/** The clock of the server stands still until a test moves it; sockets do not. */
const holdClock = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
const pass = (seconds: number) => vi.advanceTimersByTime(seconds * 1_000);

afterEach(() => {
  vi.useRealTimers();
});

const answering =
  (options: object = {}, answered: (dialog: SrfDialog) => void = () => {}) =>
  (srf: SrfApp): void =>
    srf.invite(async (request, response) =>
      answered(await srf.createUAS(request, response, { localSdp: sdp(7000), ...options })),
    );

/** A call to the app that is answered and acknowledged. */
async function call(caller: SipPeer, sipPort: number, headers: string[], parts: RequestParts = {}) {
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', sipPort, { callId, body: sdp(), headers, ...parts }));
  const ok = await caller.next(/ 200 /);
  const to = ok.header('to');
  caller.send(caller.request('ACK', sipPort, { callId, to }));
  return { callId, to, ok };
}

test.each([
  ['the caller refreshes', '1800;refresher=uac', {}, '1800;refresher=uac'],
  ['the server refreshes', '1800;refresher=uas', {}, '1800;refresher=uas'],
  ['nobody was named', '1800', {}, ''],
  [
    'the app says it',
    '1800;refresher=uac',
    { headers: { 'Session-Expires': '600;refresher=uas' } },
    '600;refresher=uas',
  ],
])('a 200 agrees to the session offered: %s', async (_what, offer, options, agreed) => {
  await using server = await serverUnderTest();
  await using _app = await connectApp(server, answering(options));
  await using caller = await SipPeer.udp(server.sipPort);
  const headers = [`Session-Expires: ${offer}`, 'Supported: timer'];
  const { ok } = await call(caller, server.sipPort, headers);
  expect(ok.header('session-expires').replaceAll(' ', '')).toBe(agreed);
});

test('a re-INVITE that asks for too short a session is refused with the shortest', async () => {
  await using server = await serverUnderTest();
  await using _app = await connectApp(server, answering());
  await using caller = await SipPeer.udp(server.sipPort);
  const { callId, to } = await call(caller, server.sipPort, []);
  const headers = ['Session-Expires: 30', 'Supported: timer'];
  caller.send(caller.request('INVITE', server.sipPort, { callId, to, cseq: 2, headers, body: sdp() }));
  expect((await caller.next(/ 422 /)).header('min-se')).toBe('90');
});

// drachtio-server answers with 90 seconds, which RFC 4028 §9 does not allow
test('a call that asks for too short a session is refused with the shortest', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, answering());
  await using caller = await SipPeer.udp(server.sipPort);
  const headers = ['Session-Expires: 30', 'Supported: timer'];
  caller.send(caller.request('INVITE', server.sipPort, { headers, body: sdp() }));
  expect((await caller.next(/ 422 /)).header('min-se')).toBe('90');
});

// drachtio-server does not say that it is required
test('a caller that is to refresh is told that timers are required', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, answering());
  await using caller = await SipPeer.udp(server.sipPort);
  const { ok } = await call(caller, server.sipPort, [
    'Session-Expires: 90;refresher=uac',
    'Supported: timer',
  ]);
  expect(ok.header('require')).toBe('timer');
});

/** A call to the app on a server whose clock is held, once its ACK has been seen. */
async function heldCall(expires: string, inside: (held: Held) => Promise<void>): Promise<void> {
  holdClock();
  await using server = await embedded();
  const answered: SrfDialog[] = [];
  const ended: string[] = [];
  const app = await connectApp(
    server,
    answering({}, (dialog) => {
      dialog.once('destroy', (bye) => ended.push(bye.get('Reason')));
      answered.push(dialog);
    }),
  );
  let leaving: PromiseLike<void> | undefined;
  const leave = () => (leaving ??= app[Symbol.asyncDispose]());
  await using _app = { [Symbol.asyncDispose]: leave };
  await using caller = await SipPeer.udp(server.sipPort);
  const { callId, to } = await call(caller, server.sipPort, [
    `Session-Expires: ${expires}`,
    'Supported: timer',
  ]);
  await expect.poll(() => answered.length).toBe(1);
  const [dialog] = answered;
  if (!dialog) throw new Error('no dialog');
  await inside({ server, leave, caller, callId, to, dialog, ended });
}

interface Held {
  readonly server: ServerUnderTest;
  /** disconnect the app */
  readonly leave: () => PromiseLike<void>;
  readonly caller: SipPeer;
  readonly callId: string;
  readonly to: string;
  readonly dialog: SrfDialog;
  /** the Reason of the BYE the app was told of */
  readonly ended: string[];
}

test('a peer that does not refresh in time is hung up on and the app is told why', () =>
  heldCall('90;refresher=uac', async ({ server, caller, ended }) => {
    pass(59);
    expect(server.stats?.().dialogs).toBe(1);
    pass(2);
    const bye = await caller.next(/^BYE/);
    expect(bye.header('reason')).toContain('Session timer expired');
    await expect.poll(() => ended).toEqual([bye.header('reason')]);
    expect(server.stats?.().dialogs).toBe(0);
  }));

test.each(['INVITE', 'UPDATE'])('a peer that refreshes by %s has its time again', (method) =>
  heldCall('90;refresher=uac', async ({ server, caller, callId, to, dialog }) => {
    if (method === 'UPDATE') dialog.on('update', (_request, response) => response.send(200));
    pass(40);
    const headers = ['Session-Expires: 90;refresher=uac', 'Supported: timer'];
    const parts = { callId, to, cseq: 2, headers, ...(method === 'INVITE' ? { body: sdp() } : {}) };
    caller.send(caller.request(method, server.sipPort, parts));
    const ok = await caller.until(
      (one) => one.header('cseq') === `2 ${method}` && / 200 /.test(one.startLine),
    );
    expect(ok.header('session-expires')).toBe('90;refresher=uac');
    if (method === 'INVITE') {
      caller.send(caller.request('ACK', server.sipPort, { callId, to, cseq: 2 }));
      caller.send(caller.request('INFO', server.sipPort, { callId, to, cseq: 3 }));
      await caller.until((one) => one.header('cseq') === '3 INFO'); // so the ACK has been seen
    }
    pass(59);
    expect(server.stats?.().dialogs).toBe(1);
    pass(2);
    await caller.next(/^BYE/);
  }),
);

test('a re-INVITE that says nothing of the session ends its timer', () =>
  heldCall('90;refresher=uac', async ({ server, caller, callId, to, dialog }) => {
    const acknowledged = new Promise((found) => dialog.once('ack', found));
    caller.send(caller.request('INVITE', server.sipPort, { callId, to, cseq: 2, body: sdp() }));
    await caller.until((one) => one.header('cseq') === '2 INVITE' && / 200 /.test(one.startLine));
    caller.send(caller.request('ACK', server.sipPort, { callId, to, cseq: 2 }));
    await acknowledged;
    pass(3_600);
    expect(server.stats?.().dialogs).toBe(1);
  }));

test('the server refreshes with the session as it was, acknowledges the answer and goes on', () =>
  heldCall('90;refresher=uas', async ({ server, caller, ended }) => {
    for (let time = 0; time < 3; time++) {
      pass(45);
      const invite = await caller.next(/^INVITE/);
      expect(invite.body).toBe(sdp(7000));
      expect(invite.header('session-expires')).toBe('90;refresher=uac');
      expect([invite.header('min-se'), invite.header('supported')]).toEqual(['90', 'timer']);
      const headers = ['Session-Expires: 90;refresher=uac', 'Require: timer'];
      caller.reply(invite, '200 OK', { body: sdp(), headers });
      const ack = await caller.next(/^ACK/);
      expect(Number.parseInt(ack.header('cseq'), 10)).toBe(Number.parseInt(invite.header('cseq'), 10));
    }
    expect(ended).toEqual([]);
    expect(server.stats?.().dialogs).toBe(1);
  }));

test('a repeated 200 to a refresh gets its ACK again', () =>
  heldCall('90;refresher=uas', async ({ caller }) => {
    pass(45);
    const invite = await caller.next(/^INVITE/);
    for (let time = 0; time < 2; time++) {
      caller.reply(invite, '200 OK', { body: sdp() });
      await caller.next(/^ACK/);
    }
  }));

test('a refresh that meets a re-INVITE of the peer is tried again later', () =>
  heldCall('90;refresher=uas', async ({ caller, ended }) => {
    pass(45);
    caller.reply(await caller.next(/^INVITE/), '491 Request Pending');
    await caller.next(/^ACK/);
    pass(45);
    await caller.until((one) => one.header('cseq') === '3 INVITE');
    expect(ended).toEqual([]);
  }));

test('a call whose app has gone is ended instead of being refreshed', () =>
  heldCall('90;refresher=uas', async ({ server, leave, caller }) => {
    await leave();
    await expect.poll(() => server.stats?.().apps).toBe(0);
    pass(45);
    await caller.next(/^BYE/);
    expect(caller.count(/^INVITE/)).toBe(0);
  }));

test('a refresh that is refused ends the call', () =>
  heldCall('90;refresher=uas', async ({ server, caller, ended }) => {
    pass(45);
    caller.reply(await caller.next(/^INVITE/), '481 Call/Transaction Does Not Exist');
    await caller.next(/^BYE/);
    await expect.poll(() => ended.length).toBe(1);
    expect(server.stats?.().dialogs).toBe(0);
  }));

test('the callee chooses us to refresh a call of the app, with the offer of that call', async () => {
  holdClock();
  await using server = await embedded();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(`sip:127.0.0.1:${callee.port}`, {
    localSdp: sdp(8000),
    headers: { 'Session-Expires': '90', Supported: 'timer' },
  });
  const headers = ['Session-Expires: 90;refresher=uac', 'Require: timer'];
  callee.reply(await callee.next(/^INVITE/), '200 OK', { body: sdp(), headers });
  const dialog = await calling;
  await callee.next(/^ACK/);
  pass(45);
  const refresh: Heard = await callee.next(/^INVITE/);
  expect(refresh.body).toBe(sdp(8000));
  callee.reply(refresh, '200 OK', { body: sdp() });
  await callee.next(/^ACK/);
  const gone = dialog.destroy();
  callee.reply(await callee.next(/^BYE/), '200 OK');
  await gone;
  pass(200);
  expect(server.stats?.()).toMatchObject({ dialogs: 0, clientTransactions: 0 });
});
