import { expect, onTestFinished, test, vi } from 'vitest';
import { embedded, quick, serverUnderTest } from '../server-under-test.ts';
import { SipPeer, sdp } from '../sip-peer.ts';
import { proxyApp, toTag } from './proxy-app.ts';

test('who is silent for longer than the app allows is left for the next', async () => {
  await using server = await serverUnderTest();
  await using silent = await SipPeer.udp(server.sipPort);
  await using quickOne = await SipPeer.udp(server.sipPort);
  await using app = await proxyApp(server, [silent, quickOne], { provisionalTimeout: '300ms' });
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  await silent.next(/^INVITE/);
  quickOne.reply(await quickOne.next(/^INVITE/), '200 OK');
  await caller.next(/ 200 /);
  expect((await app.results).connected).toBe(true);
});

// drachtio-server lets it ring on
test('who was left and rings after all is canceled', async () => {
  await using server = await embedded();
  await using silent = await SipPeer.udp(server.sipPort);
  await using other = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [silent, other], { provisionalTimeout: '300ms' });
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  const late = await silent.next(/^INVITE/);
  await other.next(/^INVITE/);
  silent.reply(late, '180 Ringing');
  const cancel = await silent.next(/^CANCEL/);
  silent.reply(cancel, '200 OK');
  silent.reply(late, '487 Request Terminated');
  await silent.next(/^ACK/);
});

// drachtio-server takes the final timeout and does nothing with it
test('who rings for longer than the app allows is canceled and the next is asked', async () => {
  await using server = await embedded();
  await using ringing = await SipPeer.udp(server.sipPort);
  await using free = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [ringing, free], { finalTimeout: '300ms' });
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  ringing.reply(await ringing.next(/^INVITE/), '180 Ringing');
  await ringing.next(/^CANCEL/);
  free.reply(await free.next(/^INVITE/), '200 OK');
  await caller.next(/ 200 /);
});

test('who was left and answers after all has the call, and whoever rings by then is canceled', async () => {
  await using server = await embedded();
  await using slow = await SipPeer.udp(server.sipPort);
  await using other = await SipPeer.udp(server.sipPort);
  await using app = await proxyApp(server, [slow, other], { provisionalTimeout: '300ms' });
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  const late = await slow.next(/^INVITE/);
  const rings = await other.next(/^INVITE/);
  other.reply(rings, '180 Ringing', { toTag: 'other' });
  await caller.next(/ 180 /);
  slow.reply(late, '200 OK', { toTag: 'slow' });
  expect(toTag(await caller.next(/ 200 /))).toBe('slow');
  other.reply(await other.next(/^CANCEL/), '200 OK');
  other.reply(rings, '487 Request Terminated', { toTag: 'other' });
  await other.next(/^ACK/);
  expect((await app.results).connected).toBe(true);
  expect(server.stats?.().proxying).toBe(0);
});

// the timers of drachtio-server's proxy cannot be set
test('nobody answers at all: the caller hears 408', async () => {
  await using server = await embedded(quick);
  await using silent = await SipPeer.udp(server.sipPort);
  await using app = await proxyApp(server, [silent]);
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  await caller.next(/ 408 /);
  expect(await app.results).toMatchObject({ connected: false, responses: [] });
  expect(silent.count(/^INVITE/)).toBeGreaterThan(1);
});

// timer C of drachtio-server cannot be set
test('a callee that rings for ever is canceled after timer C and the caller hears 408', async () => {
  await using server = await embedded({ ...quick, c: 300 });
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [callee]);
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '180 Ringing');
  await callee.next(/^CANCEL/);
  await caller.next(/ 408 /);
});

test('timer C is three minutes and more, counted anew from each provisional response', async () => {
  await using server = await embedded();
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [callee]);
  await using caller = await SipPeer.udp(server.sipPort);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  const invite = await callee.next(/^INVITE/);
  for (const provisional of ['180 Ringing', '183 Session Progress', '181 Call Is Being Forwarded']) {
    callee.reply(invite, provisional);
    await caller.next(new RegExp(provisional));
    vi.advanceTimersByTime(180_000);
  }
  callee.reply(invite, '182 Queued');
  await caller.next(/ 182 /);
  expect(callee.count(/^CANCEL/)).toBe(0);
  vi.advanceTimersByTime(185_000);
  await callee.next(/^CANCEL/);
  await caller.next(/ 408 /);
});
