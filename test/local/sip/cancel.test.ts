import { expect, test } from 'vitest';
import { embedded, quick, serverUnderTest } from './server-under-test.ts';
import { fresh, SipPeer, sdp } from './sip-peer.ts';
import { connectApp, type SrfDialog, type SrfMessage, type SrfRequest } from './srf-app.ts';

test('a caller cancels while it rings: the server answers 200 and 487 itself and tells the app', async () => {
  await using server = await serverUnderTest();
  const cancels: SrfMessage[] = [];
  let lateAnswer: unknown;
  await using _app = await connectApp(server, (srf) =>
    srf.invite((request, response) => {
      request.on('cancel', (cancel) => {
        cancels.push(cancel);
        response.send(200, { body: sdp() }, (error) => {
          lateAnswer = error;
        });
      });
      response.send(180);
    }),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const [callId, branch] = [fresh('call-'), fresh('z9hG4bK')];
  caller.send(caller.request('INVITE', server.sipPort, { callId, branch, body: sdp() }));
  const ringing = await caller.next(/ 180 /);
  caller.send(
    caller.request('CANCEL', server.sipPort, { callId, branch, headers: ['Reason: SIP;cause=200'] }),
  );
  const ok = await caller.until((message) => message.header('cseq') === '1 CANCEL');
  const terminated = await caller.next(/ 487 /);
  expect(ok.startLine).toBe('SIP/2.0 200 OK');
  expect(terminated.header('to')).toBe(ringing.header('to'));
  caller.send(caller.request('ACK', server.sipPort, { callId, branch, to: terminated.header('to') }));
  await expect.poll(() => cancels.map((cancel) => cancel.get('reason'))).toEqual(['SIP;cause=200']);
  await expect.poll(() => lateAnswer).toBeDefined();
  expect(caller.count(/ 487 /)).toBe(1);
});

test('a caller cancels before the app has said anything', async () => {
  await using server = await serverUnderTest();
  const seen: string[] = [];
  await using _app = await connectApp(server, (srf) =>
    srf.invite((request) => void request.on('cancel', (cancel) => seen.push(cancel.method))),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const [callId, branch] = [fresh('call-'), fresh('z9hG4bK')];
  caller.send(caller.request('INVITE', server.sipPort, { callId, branch, body: sdp() }));
  await caller.next(/ 100 /);
  caller.send(caller.request('CANCEL', server.sipPort, { callId, branch }));
  await caller.until((message) => message.header('cseq') === '1 CANCEL');
  await caller.next(/ 487 /);
  await expect.poll(() => seen).toEqual(['CANCEL']);
});

test('a CANCEL for nothing is answered 481', async () => {
  await using server = await serverUnderTest();
  await using _app = await connectApp(server, (srf) => srf.invite(() => {}));
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('CANCEL', server.sipPort));
  await caller.next(/ 481 /);
});

// drachtio-server answers this CANCEL 481 and ends the call with a BYE; RFC 3261 §9.2 has it without effect
test('a CANCEL that crosses the 200 is answered 200 and the call goes on', async () => {
  await using server = await embedded();
  const dialogs: SrfDialog[] = [];
  await using _app = await connectApp(server, (srf) =>
    srf.invite(
      async (request, response) =>
        void dialogs.push(await srf.createUAS(request, response, { localSdp: sdp() })),
    ),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const [callId, branch] = [fresh('call-'), fresh('z9hG4bK')];
  caller.send(caller.request('INVITE', server.sipPort, { callId, branch, body: sdp() }));
  const answer = await caller.next(/ 200 /);
  caller.send(caller.request('CANCEL', server.sipPort, { callId, branch }));
  expect((await caller.until((message) => message.header('cseq') === '1 CANCEL')).startLine).toBe(
    'SIP/2.0 200 OK',
  );
  const acknowledged = new Promise((found) => dialogs[0]?.once('ack', found));
  caller.send(caller.request('ACK', server.sipPort, { callId, to: answer.header('to') }));
  await acknowledged;
  expect(server.stats?.().dialogs).toBe(1);
});

const target = (peer: SipPeer): string => `sip:bob@127.0.0.1:${peer.port}`;

test('the app cancels a ringing call: CANCEL names the INVITE, and 487 ends it', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const sent: SrfRequest[] = [];
  const calling = app.srf.createUAC(
    target(callee),
    { localSdp: sdp() },
    { cbRequest: (_error, request) => void sent.push(request) },
  );
  const failed = expect(calling).rejects.toMatchObject({ status: 487 });
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '180 Ringing');
  await expect.poll(() => sent.length).toBe(1);
  sent[0]?.cancel();
  const cancel = await callee.next(/^CANCEL/);
  expect(cancel.header('via')).toBe(invite.header('via'));
  expect(cancel.header('cseq')).toBe(invite.header('cseq').replace('INVITE', 'CANCEL'));
  expect(cancel.startLine).toBe(invite.startLine.replace('INVITE', 'CANCEL'));
  callee.reply(cancel, '200 OK');
  callee.reply(invite, '487 Request Terminated');
  await callee.next(/^ACK/);
  await failed;
});

test('a CANCEL waits for the first provisional response', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const sent = new Promise<SrfRequest>((found) => {
    app.srf
      .createUAC(target(callee), { localSdp: sdp() }, { cbRequest: (_error, request) => found(request) })
      .catch(() => {});
  });
  const invite = await callee.next(/^INVITE/);
  const canceled = new Promise<void>((done) => void sent.then((request) => request.cancel(() => done())));
  await canceled;
  expect(callee.count(/^CANCEL/)).toBe(0);
  callee.reply(invite, '100 Trying');
  callee.reply(await callee.next(/^CANCEL/), '200 OK');
  callee.reply(invite, '487 Request Terminated');
  await callee.next(/^ACK/);
});

test('a 200 that crosses our CANCEL reaches the app; its ACK is followed by a BYE the server sends', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const sent: SrfRequest[] = [];
  const calling = app.srf.createUAC(
    target(callee),
    { localSdp: sdp() },
    { cbRequest: (_error, request) => void sent.push(request) },
  );
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '180 Ringing');
  await expect.poll(() => sent.length).toBe(1);
  sent[0]?.cancel();
  const cancel = await callee.next(/^CANCEL/);
  callee.reply(invite, '200 OK', { body: sdp() });
  callee.reply(cancel, '481 Call/Transaction Does Not Exist');
  const dialog = await calling;
  const over = new Promise<string>((found) => dialog.once('destroy', (_bye, reason) => found(reason)));
  await callee.next(/^ACK/);
  const bye = await callee.next(/^BYE/);
  expect(bye.header('reason')).toContain('ACK-BYE');
  callee.reply(bye, '200 OK');
  expect(await over).toContain('ACK-BYE');
});

// RFC 3261 §9.1: the INVITE is over 64*T1 after its CANCEL; drachtio-server leaves the app waiting
test('a callee that never answers after a CANCEL: the app hears 408', async () => {
  await using server = await embedded(quick);
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const sent: SrfRequest[] = [];
  const calling = app.srf.createUAC(
    target(callee),
    { localSdp: sdp() },
    { cbRequest: (_error, request) => void sent.push(request) },
  );
  const failed = expect(calling).rejects.toMatchObject({ status: 408 });
  callee.reply(await callee.next(/^INVITE/), '180 Ringing');
  await expect.poll(() => sent.length).toBe(1);
  sent[0]?.cancel();
  await failed;
  await expect.poll(() => server.stats?.().inviting).toBe(0);
});
