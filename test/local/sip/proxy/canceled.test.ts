import { expect, test } from 'vitest';
import { embedded, quick, serverUnderTest } from '../server-under-test.ts';
import { fresh, SipPeer, sdp } from '../sip-peer.ts';
import { proxyApp } from './proxy-app.ts';

test('the caller cancels: the CANCEL goes on, and what the callee says of it comes back', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [callee]);
  await using caller = await SipPeer.udp(server.sipPort);
  const same = { callId: fresh('call-'), branch: fresh('z9hG4bK') };
  caller.send(caller.request('INVITE', server.sipPort, { ...same, body: sdp() }));
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '180 Ringing');
  await caller.next(/ 180 /);
  caller.send(caller.request('CANCEL', server.sipPort, same));
  const cancel = await callee.next(/^CANCEL/);
  expect(invite.header('via').startsWith(cancel.header('via'))).toBe(true);
  callee.reply(cancel, '200 OK');
  callee.reply(invite, '487 Request Terminated');
  await caller.until((one) => one.header('cseq') === '1 CANCEL' && one.startLine.includes('200'));
  await caller.next(/ 487 /);
  await callee.next(/^ACK/);
});

// drachtio-server has answered 487 by then, and passes the 200 on after it
test('a 200 that crosses the CANCEL comes back to the caller', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using app = await proxyApp(server, [callee]);
  await using caller = await SipPeer.udp(server.sipPort);
  const same = { callId: fresh('call-'), branch: fresh('z9hG4bK') };
  caller.send(caller.request('INVITE', server.sipPort, { ...same, body: sdp() }));
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '180 Ringing');
  await caller.next(/ 180 /);
  caller.send(caller.request('CANCEL', server.sipPort, same));
  await callee.next(/^CANCEL/);
  callee.reply(invite, '200 OK', { body: sdp() });
  await caller.until((one) => one.header('cseq') === '1 INVITE' && one.startLine.includes('200'));
  expect((await app.results).connected).toBe(true);
});

test('a repeated 200 of the callee comes back each time, over UDP and TCP', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [callee]);
  for (const protocol of ['udp', 'tcp'] as const) {
    await using caller = await SipPeer[protocol](server.sipPort);
    caller.send(caller.request('INVITE', server.sipPort, { fromTag: protocol, body: sdp() }));
    const invite = await callee.next(/^INVITE/);
    for (let time = 0; time < 3; time++) {
      callee.reply(invite, '200 OK', { body: sdp() });
      await caller.next(/ 200 /);
    }
  }
});

test('nothing is left of calls passed on, however they ended', async () => {
  await using server = await embedded(quick);
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [callee], { recordRoute: true });
  await using caller = await SipPeer.udp(server.sipPort);
  for (const status of ['200 OK', '486 Busy Here', '487 Request Terminated', '302 Moved Temporarily', '']) {
    const same = { callId: fresh('call-'), branch: fresh('z9hG4bK') };
    caller.send(caller.request('INVITE', server.sipPort, { ...same, body: sdp() }));
    const invite = await callee.next(/^INVITE/);
    if (status !== '') callee.reply(invite, status);
    const final = await caller.until(
      (one) => one.startLine.slice(8, 9) >= '2' && one.header('call-id') === same.callId,
    );
    if (status !== '200 OK')
      caller.send(caller.request('ACK', server.sipPort, { ...same, to: final.header('to') }));
  }
  await expect
    .poll(() => server.stats?.())
    .toMatchObject({ proxying: 0, serverTransactions: 0, clientTransactions: 0, dialogs: 0, unanswered: 0 });
});
