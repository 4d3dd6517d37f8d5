import { expect, test } from 'vitest';
import { embedded, quick, serverUnderTest } from '../server-under-test.ts';
import { fresh, SipPeer, sdp } from '../sip-peer.ts';
import { proxyApp, target, toTag } from './proxy-app.ts';

test('one after the other: the second is asked once the first has refused', async () => {
  await using server = await serverUnderTest();
  await using busy = await SipPeer.udp(server.sipPort);
  await using free = await SipPeer.udp(server.sipPort);
  await using app = await proxyApp(server, [busy, free]);
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  const first = await busy.next(/^INVITE/);
  expect(free.heard).toEqual([]);
  busy.reply(first, '486 Busy Here');
  await busy.next(/^ACK/);
  free.reply(await free.next(/^INVITE/), '200 OK', { toTag: 'free' });
  expect(toTag(await caller.next(/ 200 /))).toBe('free');
  expect(caller.count(/ 486 /)).toBe(0);
  const { responses, connected } = await app.results;
  expect(connected).toBe(true);
  expect(responses.flatMap(({ msgs }) => msgs.map(({ status }) => status))).toEqual([486, 200]);
});

test('nobody accepts: the caller hears the best of the refusals, and its repetition until the ACK', async () => {
  await using server = await serverUnderTest(quick);
  await using one = await SipPeer.udp(server.sipPort);
  await using other = await SipPeer.udp(server.sipPort);
  await using app = await proxyApp(server, [one, other]);
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  one.reply(await one.next(/^INVITE/), '404 Not Found');
  other.reply(await other.next(/^INVITE/), '500 Server Internal Error');
  await caller.next(/ 404 /);
  expect(await app.results).toMatchObject({ connected: false });
  expect(caller.count(/ 500 /)).toBe(0);
});

test('all at once: the first answer wins and the others are canceled', async () => {
  await using server = await serverUnderTest();
  await using one = await SipPeer.udp(server.sipPort);
  await using other = await SipPeer.udp(server.sipPort);
  await using app = await proxyApp(server, [one, other], { forking: 'simultaneous' });
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  const [first, second] = [await one.next(/^INVITE/), await other.next(/^INVITE/)];
  one.reply(first, '180 Ringing', { toTag: 'one' });
  other.reply(second, '180 Ringing', { toTag: 'other' });
  expect([toTag(await caller.next(/ 180 /)), toTag(await caller.next(/ 180 /))].sort()).toEqual([
    'one',
    'other',
  ]);
  other.reply(second, '200 OK', { toTag: 'other' });
  expect(toTag(await caller.next(/ 200 /))).toBe('other');
  const cancel = await one.next(/^CANCEL/);
  expect(cancel.header('cseq')).toBe('1 CANCEL');
  expect(first.header('via').startsWith(cancel.header('via'))).toBe(true);
  one.reply(cancel, '200 OK');
  one.reply(first, '487 Request Terminated', { toTag: 'one' });
  await one.next(/^ACK/);
  expect((await app.results).connected).toBe(true);
  if (server.stats) await expect.poll(() => server.stats?.().proxying).toBe(0);
});

test('a redirection is followed when the app wants it, and passed back when not', async () => {
  await using server = await serverUnderTest();
  await using mover = await SipPeer.udp(server.sipPort);
  await using moved = await SipPeer.udp(server.sipPort);
  await using caller = await SipPeer.udp(server.sipPort);
  const redirect = { contact: `<${target(moved)}>` };
  {
    await using _app = await proxyApp(server, [mover], { followRedirects: true });
    caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
    mover.reply(await mover.next(/^INVITE/), '302 Moved Temporarily', redirect);
    await mover.next(/^ACK/);
    const invite = await moved.next(/^INVITE/);
    expect(invite.startLine).toBe(`INVITE ${target(moved)} SIP/2.0`);
    moved.reply(invite, '200 OK');
    await caller.next(/ 200 /);
  }
  await using app = await proxyApp(server, [mover]);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  mover.reply(await mover.next(/^INVITE/), '302 Moved Temporarily', redirect);
  expect((await caller.next(/ 302 /)).header('contact')).toBe(`<${target(moved)}>`);
  expect(await app.results).toMatchObject({ connected: false, finalStatus: 302 });
});

test('a challenge ends the search, and the credentials go to who asked for them', async () => {
  await using server = await serverUnderTest();
  await using first = await SipPeer.udp(server.sipPort);
  await using second = await SipPeer.udp(server.sipPort);
  await using third = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [first, second, third]);
  await using caller = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
  first.reply(await first.next(/^INVITE/), '404 Not Found');
  second.reply(await second.next(/^INVITE/), '407 Proxy Authentication Required', {
    headers: ['Proxy-Authenticate: Digest realm="lab", nonce="n1"'],
  });
  const challenge = await caller.next(/ 407 /);
  expect(challenge.header('proxy-authenticate')).toContain('nonce="n1"');
  expect(third.heard).toEqual([]);
  const credentials =
    'Proxy-Authorization: Digest username="u", realm="lab", nonce="n1", uri="sip:x", response="r"';
  caller.send(
    caller.request('INVITE', server.sipPort, { callId, cseq: 2, headers: [credentials], body: sdp() }),
  );
  const again = await second.until((one) => one.header('cseq') === '2 INVITE');
  expect(again.header('proxy-authorization')).toContain('nonce="n1"');
  second.reply(again, '200 OK');
  await caller.next(/ 200 /);
  expect(first.count(/^INVITE/)).toBe(1);
});

// drachtio-server goes on with the next
test('a 6xx is for the caller whoever else could be asked, and those that ring are canceled', async () => {
  await using server = await embedded();
  await using ringing = await SipPeer.udp(server.sipPort);
  await using declines = await SipPeer.udp(server.sipPort);
  await using caller = await SipPeer.udp(server.sipPort);
  {
    await using app = await proxyApp(server, [declines, ringing]);
    caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
    declines.reply(await declines.next(/^INVITE/), '603 Decline');
    await caller.next(/ 603 /);
    await app.results;
    expect(ringing.heard).toEqual([]);
  }
  await using _app = await proxyApp(server, [declines, ringing], { forking: 'simultaneous' });
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  const rings = await ringing.next(/^INVITE/);
  ringing.reply(rings, '180 Ringing');
  await caller.next(/ 180 /);
  declines.reply(await declines.next(/^INVITE/), '603 Decline');
  ringing.reply(await ringing.next(/^CANCEL/), '200 OK');
  ringing.reply(rings, '487 Request Terminated');
  await caller.next(/ 603 /);
});

test('challenges of several targets come back together', async () => {
  await using server = await embedded();
  await using one = await SipPeer.udp(server.sipPort);
  await using other = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [one, other], { forking: 'simultaneous' });
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  for (const [peer, realm] of [
    [one, 'one'],
    [other, 'other'],
  ] as const)
    peer.reply(await peer.next(/^INVITE/), '401 Unauthorized', {
      headers: [`WWW-Authenticate: Digest realm="${realm}", nonce="${realm}"`],
    });
  const challenged = await caller.next(/ 401 /);
  expect(challenged.header('www-authenticate')).toMatch(/one.+other|other.+one/);
});

// drachtio-server passes a 503 back
test('a target that is overloaded or gone is our trouble: the caller hears 500', async () => {
  await using server = await embedded(quick);
  await using busy = await SipPeer.udp(server.sipPort);
  const gone = await SipPeer.udp(server.sipPort);
  await gone[Symbol.asyncDispose]();
  await using _app = await proxyApp(server, [busy, gone]);
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  busy.reply(await busy.next(/^INVITE/), '503 Service Unavailable');
  await caller.next(/ 500 /);
});

// drachtio-server pays no heed to Proxy-Require
test('what a caller requires of a proxy is refused, as we know none of it', async () => {
  await using server = await embedded();
  await using callee = await SipPeer.udp(server.sipPort);
  await using app = await proxyApp(server, [callee]);
  app.results.catch(() => {});
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { headers: ['Proxy-Require: privacy'], body: sdp() }));
  expect((await caller.next(/ 420 /)).header('unsupported')).toBe('privacy');
  await expect(app.results).rejects.toContain('Rejected with 420');
});
