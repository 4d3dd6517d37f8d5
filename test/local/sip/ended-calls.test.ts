import { expect, test } from 'vitest';
import { answeredCall, answering } from './running-call.ts';
import { embedded, quick, serverUnderTest } from './server-under-test.ts';
import { fresh, SipPeer, sdp } from './sip-peer.ts';
import { connectApp, type SrfDialog } from './srf-app.ts';

test.each(['BYE', 'INFO', 'UPDATE', 'INVITE'])(
  '%s in a call nobody knows is answered 481',
  async (method) => {
    await using server = await serverUnderTest();
    await using _app = await connectApp(server, (srf) => srf.invite(() => {}));
    await using caller = await SipPeer.udp(server.sipPort);
    const body = method === 'INVITE' ? sdp() : '';
    caller.send(caller.request(method, server.sipPort, { to: '<sip:app@127.0.0.1>;tag=gone', body }));
    const answer = await caller.next(/ [2-6]\d\d /);
    // drachtio-server hands an INFO with an unknown tag to any application that asked for INFO
    expect(answer.startLine).toMatch(method === 'INFO' ? / (481|503) / : / 481 /);
  },
);

test('an app that goes away leaves its calls orphaned: their BYE is answered 481', async () => {
  await using server = await serverUnderTest();
  const dialogs: SrfDialog[] = [];
  const app = await connectApp(server, answering(dialogs));
  await using caller = await SipPeer.udp(server.sipPort);
  const { ok, callId } = await answeredCall(server, caller, dialogs);
  await app[Symbol.asyncDispose]();
  if (server.stats) await expect.poll(() => server.stats?.().apps).toBe(0);
  caller.send(caller.request('BYE', server.sipPort, { callId, cseq: 2, to: ok.header('to') }));
  await caller.next(/ 481 /);
  if (server.stats) expect(server.stats().dialogs).toBe(0);
});

// drachtio-server does the same, but its timer H is always 32 s
test('a 200 without an ACK is repeated, then the call is ended by a BYE and the app is told', async () => {
  await using server = await embedded(quick);
  const dialogs: SrfDialog[] = [];
  const reasons: string[] = [];
  await using _app = await connectApp(
    server,
    answering(dialogs, (dialog) => dialog.once('destroy', (_bye, reason) => void reasons.push(reason))),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { callId: fresh('call-'), body: sdp() }));
  const bye = await caller.next(/^BYE/);
  expect(caller.count(/ 200 /)).toBeGreaterThan(3);
  expect(bye.header('reason')).toContain('ACK timeout');
  caller.reply(bye, '200 OK');
  await expect.poll(() => reasons).toEqual(['ACK timeout']);
  expect(server.stats?.().dialogs).toBe(0);
});

test('a 200 is repeated over UDP until its ACK, and only the first ACK reaches the app', async () => {
  await using server = await serverUnderTest(quick);
  const dialogs: SrfDialog[] = [];
  await using _app = await connectApp(server, answering(dialogs));
  await using caller = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
  const first = await caller.next(/ 200 /);
  const again = await caller.next(/ 200 /);
  expect(again.text).toBe(first.text);
  const acknowledged = new Promise((found) => dialogs[0]?.once('ack', found));
  caller.send(caller.request('ACK', server.sipPort, { callId, to: first.header('to') }));
  await acknowledged;
});

test('a BYE from the caller before the answer ends the ringing call', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) => {
    srf.invite((_request, response) => response.send(180));
    srf.use('bye', (_request, response) => response.send(200));
  });
  await using caller = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
  const ringing = await caller.next(/ 180 /);
  caller.send(caller.request('BYE', server.sipPort, { callId, cseq: 2, to: ringing.header('to') }));
  await caller.until((message) => message.header('cseq') === '2 BYE');
  await caller.next(/ 487 /);
  expect(server.stats?.()).toMatchObject({ dialogs: 0, unanswered: 0 });
});
