import { expect, test } from 'vitest';
import { RawApp } from './raw-app.ts';
import { embedded, quick, type ServerUnderTest, serverUnderTest } from './server-under-test.ts';
import { fresh, type Heard, SipPeer, sdp } from './sip-peer.ts';
import { type ConnectedApp, connectApp, type ProxyResults } from './srf-app.ts';

const target = (peer: SipPeer): string => `sip:127.0.0.1:${peer.port}`;

interface ProxyApp extends ConnectedApp {
  readonly results: Promise<ProxyResults>;
}

/** An app that passes every request on to these, in this way. */
async function proxyApp(server: ServerUnderTest, to: SipPeer[], options: object = {}): Promise<ProxyApp> {
  let found: (results: Promise<ProxyResults>) => void = () => {};
  const results = new Promise<ProxyResults>((done) => {
    found = done;
  });
  const app = await connectApp(server, (srf) => {
    for (const method of ['invite', 'message', 'register'] as const)
      srf.use(method, (request) => found(srf.proxyRequest(request, to.map(target), { ...options })));
  });
  return { ...app, results };
}

const toTag = (message: Heard): string => /tag=(\w+)/.exec(message.header('to'))?.[1] ?? '';

/** What a proxy leaves of the way a response came: the caller's Via alone. */
const vias = (message: Heard): number => message.header('via').split('SIP/2.0/').length - 1;

test('a call passed on rings and is answered; the ACK finds its own way, and the app hears how it went', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using app = await proxyApp(server, [callee], { headers: { 'X-Passed-By': 'us' } });
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp(5000), headers: ['X-Own: kept'] }));
  const invite = await callee.next(/^INVITE/);
  expect(invite.startLine).toBe(`INVITE ${target(callee)} SIP/2.0`);
  expect(vias(invite)).toBe(2);
  expect(invite.header('via')).toContain(`127.0.0.1:${caller.port}`);
  expect(invite.header('max-forwards')).toBe('69');
  expect([invite.header('x-own'), invite.header('x-passed-by')]).toEqual(['kept', 'us']);
  expect([invite.header('contact'), invite.body]).toEqual([caller.contact, sdp(5000)]);
  expect(invite.header('record-route')).toBe('');
  callee.reply(invite, '180 Ringing');
  expect(vias(await caller.next(/ 180 /))).toBe(1);
  callee.reply(invite, '200 OK', { body: sdp(6000) });
  const ok = await caller.next(/ 200 /);
  expect([vias(ok), ok.header('contact'), ok.body]).toEqual([1, callee.contact, sdp(6000)]);
  const results = await app.results;
  expect(results).toMatchObject({ connected: true, finalStatus: 200 });
  expect(results.responses.map(({ port, msgs }) => [port, msgs.map(({ status }) => status)])).toEqual([
    [callee.port, [200]],
  ]);
  if (server.stats) expect(server.stats()).toMatchObject({ dialogs: 0, unanswered: 0, proxying: 0 });
});

test('with a Record-Route, the ACK, a re-INVITE and the BYE of either side come through the server', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [callee], { remainInDialog: true });
  await using caller = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
  const invite = await callee.next(/^INVITE/);
  expect(invite.header('record-route')).toBe(`<sip:127.0.0.1:${server.sipPort};lr>`);
  callee.reply(invite, '200 OK', { body: sdp() });
  const ok = await caller.next(/ 200 /);
  const route = [`Route: ${ok.header('record-route')}`];
  const uri = callee.contact.slice(1, -1);
  const to = ok.header('to');
  caller.send(caller.request('ACK', server.sipPort, { callId, to, uri, headers: route }));
  const ack = await callee.next(/^ACK/);
  expect([ack.startLine, ack.header('route')]).toEqual([`ACK ${uri} SIP/2.0`, '']);

  caller.send(
    caller.request('INVITE', server.sipPort, { callId, to, uri, cseq: 2, headers: route, body: sdp() }),
  );
  const again = await callee.next(/^INVITE/);
  callee.reply(again, '200 OK', { body: sdp() });
  await caller.until((one) => one.header('cseq') === '2 INVITE' && one.startLine.includes('200'));

  const back = { callId, fromTag: 'callee', to: invite.header('from'), uri: caller.contact.slice(1, -1) };
  callee.send(callee.request('BYE', server.sipPort, { ...back, headers: route }));
  const bye = await caller.next(/^BYE/);
  expect(bye.startLine).toBe(`BYE ${caller.contact.slice(1, -1)} SIP/2.0`);
  caller.reply(bye, '200 OK');
  expect(vias(await callee.next(/ 200 OK/))).toBe(1);
});

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

test('a request that is no INVITE is passed on and its answer comes back', async () => {
  await using server = await serverUnderTest();
  await using peer = await SipPeer.udp(server.sipPort);
  await using app = await proxyApp(server, [peer]);
  await using sender = await SipPeer.tcp(server.sipPort);
  sender.send(sender.request('MESSAGE', server.sipPort, { body: sdp() }));
  const message = await peer.next(/^MESSAGE/);
  expect(message.body).toBe(sdp());
  peer.reply(message, '202 Accepted');
  expect(vias(await sender.next(/ 202 /))).toBe(1);
  expect((await app.results).finalStatus).toBe(202);
});

test('a request URI that is not ours stays as it is: the targets are only where it goes', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [callee]);
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { uri: 'sip:bob@far.example', body: sdp() }));
  const invite = await callee.next(/^INVITE/);
  expect(invite.startLine).toBe('INVITE sip:bob@far.example SIP/2.0');
  callee.reply(invite, '480 Temporarily Unavailable');
  await caller.next(/ 480 /);
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

test('a call over TCP goes on over UDP, and both ways lead back through the server', async () => {
  await using server = await embedded();
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [callee], { recordRoute: true });
  await using caller = await SipPeer.tcp(server.sipPort);
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
  const invite = await callee.next(/^INVITE/);
  const own = `sip:127.0.0.1:${server.sipPort}`;
  const [udp, tcp] = [`<${own};lr>`, `<${own};transport=tcp;lr>`];
  expect(invite.header('record-route')).toBe(`${udp}, ${tcp}`);
  callee.reply(invite, '200 OK', { body: sdp() });
  const ok = await caller.next(/ 200 /);
  const parts = { callId, to: ok.header('to'), uri: callee.contact.slice(1, -1) };
  const headers = [`Route: ${tcp}`, `Route: ${udp}, <sip:127.0.0.1:${callee.port};lr>`];
  caller.send(caller.request('ACK', server.sipPort, { ...parts, headers }));
  const ack = await callee.next(/^ACK/);
  expect(ack.header('route')).toBe(`<sip:127.0.0.1:${callee.port};lr>`);
  caller.send(caller.request('BYE', server.sipPort, { ...parts, cseq: 2, headers }));
  callee.reply(await callee.next(/^BYE/), '200 OK');
  await caller.until((one) => one.header('cseq') === '2 BYE');
});

test('PRACK and a canceled re-INVITE of a call passed on come through as well', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [callee], { recordRoute: true });
  await using caller = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  const supported = ['Supported: 100rel'];
  caller.send(caller.request('INVITE', server.sipPort, { callId, headers: supported, body: sdp() }));
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '183 Session Progress', { headers: ['Require: 100rel', 'RSeq: 9'] });
  const early = await caller.next(/ 183 /);
  const headers = [`Route: ${early.header('record-route')}`];
  const parts = { callId, to: early.header('to'), uri: callee.contact.slice(1, -1) };
  const rack = [...headers, `RAck: ${early.header('rseq')} 1 INVITE`];
  caller.send(caller.request('PRACK', server.sipPort, { ...parts, cseq: 2, headers: rack }));
  const prack = await callee.next(/^PRACK/);
  expect(prack.header('rack')).toBe('9 1 INVITE');
  callee.reply(prack, '200 OK');
  await caller.until((one) => one.header('cseq') === '2 PRACK');
  callee.reply(invite, '200 OK', { body: sdp() });
  await caller.next(/ 200 OK/);
  caller.send(caller.request('ACK', server.sipPort, { ...parts, headers }));
  await callee.next(/^ACK/);

  const same = { ...parts, cseq: 3, headers, branch: fresh('z9hG4bK') };
  caller.send(caller.request('INVITE', server.sipPort, { ...same, body: sdp() }));
  const again = await callee.next(/^INVITE/);
  callee.reply(again, '100 Trying');
  caller.send(caller.request('CANCEL', server.sipPort, same));
  callee.reply(await callee.next(/^CANCEL/), '200 OK');
  callee.reply(again, '487 Request Terminated');
  await caller.until((one) => one.header('cseq') === '3 INVITE' && / 487 /.test(one.startLine));
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

test('an app that wants no full response hears at once that its request is on its way', async () => {
  await using server = await serverUnderTest();
  await using callee = await SipPeer.udp(server.sipPort);
  await using caller = await SipPeer.udp(server.sipPort);
  const app = await RawApp.connect(server.admin);
  await app.ask(`authenticate|${server.secret}|`);
  await app.ask('route|invite');
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  const given = await app.until((frame) => frame.includes('|sip|network|'));
  const transaction = given.split('|')[8];
  const command = `proxy|${transaction}||||serial|||${target(callee)}\r\nINVITE sip:x SIP/2.0\r\n\r\n`;
  expect(await app.ask(command)).toBe('OK|done');
  callee.reply(await callee.next(/^INVITE/), '486 Busy Here');
  await caller.next(/ 486 /);
  expect(app.frames.filter((frame) => frame.includes('continue'))).toEqual([]);
  app.close();
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

test('a registration passed on comes back by its Path', async () => {
  await using server = await serverUnderTest();
  await using registrar = await SipPeer.udp(server.sipPort);
  await using _app = await proxyApp(server, [registrar], { remainInDialog: true });
  await using peer = await SipPeer.udp(server.sipPort);
  peer.send(peer.request('REGISTER', server.sipPort, { uri: 'sip:lab.test' }));
  const register = await registrar.next(/^REGISTER/);
  expect(register.header('path')).toBe(`<sip:127.0.0.1:${server.sipPort};lr>`);
  expect(register.header('record-route')).toBe('');
  registrar.reply(register, '200 OK');
  await peer.next(/ 200 /);
});

test('a request of no dialog that leads through us to us is answered 481', async () => {
  await using server = await serverUnderTest();
  await using peer = await SipPeer.udp(server.sipPort);
  const headers = [`Route: <sip:127.0.0.1:${server.sipPort};lr>`];
  peer.send(peer.request('BYE', server.sipPort, { headers, to: '<sip:app@127.0.0.1>;tag=nobody' }));
  await peer.next(/ 481 /);
  if (server.stats) expect(server.stats().proxying).toBe(0);
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
