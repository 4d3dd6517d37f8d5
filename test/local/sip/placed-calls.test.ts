import { expect, test } from 'vitest';
import { embedded, serverUnderTest } from './server-under-test.ts';
import { fresh, SipPeer, sdp } from './sip-peer.ts';
import { connectApp, type SrfDialog, type SrfRequest } from './srf-app.ts';

const target = (peer: SipPeer): string =>
  `sip:bob@127.0.0.1:${peer.port}${peer.protocol === 'TCP' ? ';transport=tcp' : ''}`;

for (const protocol of ['udp', 'tcp'] as const) {
  test(`over ${protocol}: a call is placed, rings, is answered and acknowledged, and the far side hangs up`, async () => {
    await using server = await serverUnderTest();
    await using app = await connectApp(server);
    await using callee = await SipPeer[protocol](server.sipPort);
    const heard: number[] = [];
    const calling = app.srf.createUAC(
      target(callee),
      { localSdp: sdp(5000), callingNumber: '15551234567', headers: { 'X-Trace': 'abc' } },
      { cbProvisional: (response) => heard.push(response.status) },
    );
    const invite = await callee.next(/^INVITE/);
    expect(invite.header('from')).toMatch(
      new RegExp(`^<sip:15551234567@127.0.0.1:${server.sipPort}>;tag=.+`),
    );
    expect(invite.header('contact')).toContain(`sip:15551234567@127.0.0.1:${server.sipPort}`);
    expect(invite.header('content-type')).toBe('application/sdp');
    expect(invite.header('x-trace')).toBe('abc');
    expect(invite.body).toBe(sdp(5000));
    callee.reply(invite, '100 Trying');
    callee.reply(invite, '180 Ringing');
    callee.reply(invite, '200 OK', { body: sdp(6000) });
    const dialog = await calling;
    expect(heard).toEqual([180]);
    expect(dialog.remote.sdp).toBe(sdp(6000));
    const ack = await callee.next(/^ACK/);
    expect(ack.startLine).toContain(callee.contact.slice(1, -1));
    expect(ack.header('cseq').split(' ')[0]).toBe(invite.header('cseq').split(' ')[0]);

    const over = new Promise<SrfRequest>((found) => dialog.once('destroy', (bye) => found(bye)));
    callee.send(
      callee.request('BYE', server.sipPort, {
        callId: invite.header('call-id'),
        uri: `sip:127.0.0.1:${server.sipPort}`,
        fromTag: 'callee',
        to: invite.header('from'),
      }),
    );
    await over;
    await callee.next(/ 200 OK/);
    if (server.stats) expect(server.stats()).toMatchObject({ dialogs: 0, inviting: 0 });
  });
}

test('a busy callee: the app hears 486 and the server acknowledges, each time it is repeated', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(target(callee), { localSdp: sdp() });
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '486 Busy Here');
  await expect(calling).rejects.toMatchObject({ status: 486 });
  const ack = await callee.next(/^ACK/);
  expect(ack.header('via')).toBe(invite.header('via'));
  expect(ack.header('to')).toContain('tag=callee');
  callee.reply(invite, '486 Busy Here');
  await callee.next(/^ACK/);
});

test('a digest challenge is answered by drachtio-srf with the same Call-ID and tag and the next CSeq', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(target(callee), {
    localSdp: sdp(),
    auth: { username: 'u', password: 'p' },
  });
  const first = await callee.next(/^INVITE/);
  callee.reply(first, '407 Proxy Authentication Required', {
    headers: ['Proxy-Authenticate: Digest realm="lab", nonce="n", qop="auth"'],
  });
  await callee.next(/^ACK/);
  const second = await callee.next(/^INVITE/);
  expect(second.header('proxy-authorization')).toMatch(/^Digest username="u"/);
  expect(second.header('call-id')).toBe(first.header('call-id'));
  expect(second.header('from')).toBe(first.header('from'));
  expect(Number.parseInt(second.header('cseq'), 10)).toBe(Number.parseInt(first.header('cseq'), 10) + 1);
  callee.reply(second, '200 OK', { body: sdp() });
  await calling;
  await callee.next(/^ACK/);
});

test('a repeated 200 gets the same ACK again and the app hears nothing of it', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(target(callee), { localSdp: sdp() });
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '200 OK', { body: sdp() });
  await calling;
  const first = await callee.next(/^ACK/);
  callee.reply(invite, '200 OK', { body: sdp() });
  const second = await callee.next(/^ACK/);
  expect(second.header('cseq')).toBe(first.header('cseq'));
  expect(second.header('to')).toBe(first.header('to'));
});

test('two forks answer: the app has the first, the second is acknowledged and hung up', async () => {
  await using server = await embedded();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(target(callee), { localSdp: sdp() });
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '180 Ringing', { toTag: 'one' });
  callee.reply(invite, '180 Ringing', { toTag: 'two' });
  callee.reply(invite, '200 OK', { toTag: 'two', body: sdp(2) });
  callee.reply(invite, '200 OK', { toTag: 'one', body: sdp(1) });
  const dialog = await calling;
  expect(dialog.sip.remoteTag).toBe('two');
  const acknowledged = [await callee.next(/^ACK/), await callee.next(/^ACK/)].map(
    (ack) => /tag=(\w+)/.exec(ack.header('to'))?.[1],
  );
  expect(acknowledged.sort()).toEqual(['one', 'two']);
  const bye = await callee.next(/^BYE/);
  expect(bye.header('to')).toContain('tag=one');
  callee.reply(bye, '200 OK');
  await expect.poll(() => server.stats?.().dialogs).toBe(1);
});

test('requests go where Record-Route says, in that order, to the Contact of the answer', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(target(callee), { localSdp: sdp() });
  const invite = await callee.next(/^INVITE/);
  const routes = [`Record-Route: <sip:far.example;lr>`, `Record-Route: <sip:127.0.0.1:${callee.port};lr>`];
  callee.reply(invite, '200 OK', { body: sdp(), headers: routes });
  const dialog = await calling;
  const ack = await callee.next(/^ACK/);
  expect(ack.header('route').replaceAll(' ', '')).toBe(
    `<sip:127.0.0.1:${callee.port};lr>,<sip:far.example;lr>`,
  );
  expect(ack.startLine).toContain(`sip:peer@127.0.0.1:${callee.port}`);
  void dialog.destroy();
  const bye = await callee.next(/^BYE/);
  expect(bye.header('route')).toBe(ack.header('route'));
  callee.reply(bye, '200 OK');
});

test('a B2BUA joins two calls and passes the hang-up on', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await connectApp(server, (srf) =>
    srf.invite(async (request, response) => {
      const { uas, uac } = await srf.createB2BUA(request, response, target(callee), {
        localSdpB: request.body,
      });
      uas.once('destroy', () => void uac.destroy());
      uac.once('destroy', () => void uas.destroy());
    }),
  );
  await using caller = await SipPeer.tcp(server.sipPort);
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp(1111) }));
  const invite = await callee.next(/^INVITE/);
  expect(invite.body).toBe(sdp(1111));
  callee.reply(invite, '183 Session Progress', { body: sdp(2222) });
  expect((await caller.next(/ 183 /)).body).toBe(sdp(2222));
  callee.reply(invite, '200 OK', { body: sdp(2222) });
  const ok = await caller.next(/ 200 /);
  expect(ok.body).toBe(sdp(2222));
  caller.send(caller.request('ACK', server.sipPort, { callId, to: ok.header('to') }));
  await callee.next(/^ACK/);
  caller.send(caller.request('BYE', server.sipPort, { callId, cseq: 2, to: ok.header('to') }));
  const bye = await callee.next(/^BYE/);
  callee.reply(bye, '200 OK');
  await caller.until((message) => message.header('cseq') === '2 BYE');
});

test("a call placed without an offer: the app answers the callee's offer in the ACK", async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(target(callee), { noAck: true }) as unknown as Promise<{
    sdp: string;
    ack: (sdp: string) => Promise<SrfDialog>;
  }>;
  const invite = await callee.next(/^INVITE/);
  expect(invite.body).toBe('');
  callee.reply(invite, '200 OK', { body: sdp(6000) });
  const offered = await calling;
  expect(offered.sdp).toBe(sdp(6000));
  await offered.ack(sdp(7000));
  const ack = await callee.next(/^ACK/);
  expect([ack.body, ack.header('content-type')]).toEqual([sdp(7000), 'application/sdp']);
});

test('the callee changes the early session: its UPDATE reaches the app, the answer goes back', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(target(callee), {
    localSdp: sdp(5000),
    headers: { Supported: '100rel' },
  });
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '183 Session Progress', { body: sdp(6000), headers: ['Require: 100rel', 'RSeq: 1'] });
  callee.reply(await callee.next(/^PRACK/), '200 OK');
  const parts = {
    callId: invite.header('call-id'),
    fromTag: 'callee',
    to: invite.header('from'),
    body: sdp(6002),
  };
  callee.send(callee.request('UPDATE', server.sipPort, parts));
  const updated = await callee.until((message) => message.header('cseq') === '1 UPDATE');
  expect([updated.startLine, updated.body]).toEqual(['SIP/2.0 200 OK', sdp(5000)]);
  callee.reply(invite, '486 Busy Here');
  await expect(calling).rejects.toMatchObject({ status: 486 });
});

test('a request outside of a dialog is answered to the app', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using peer = await SipPeer.udp(server.sipPort);
  const answered = new Promise<number>((found) =>
    app.srf.request(target(peer), { method: 'OPTIONS', headers: { 'X-Probe': '1' } }, (_error, request) =>
      request.on('response', (response) => found(response.status)),
    ),
  );
  const options = await peer.next(/^OPTIONS/);
  expect(options.header('x-probe')).toBe('1');
  expect(options.header('max-forwards')).toBe('70');
  peer.reply(options, '200 OK');
  expect(await answered).toBe(200);
});

test('a BYE answered 481 ends the dialog all the same', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const calling: Promise<SrfDialog> = app.srf.createUAC(target(callee), { localSdp: sdp() });
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '200 OK', { body: sdp() });
  const dialog = await calling;
  const gone = dialog.destroy();
  callee.reply(await callee.next(/^BYE/), '481 Call/Transaction Does Not Exist');
  await gone;
  await expect(dialog.request({ method: 'INFO' })).rejects.toMatchObject({ code: 'ENODIALOG' });
});
