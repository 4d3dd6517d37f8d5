import { expect, test } from 'vitest';
import { RawApp } from '../raw-app.ts';
import { embedded, serverUnderTest } from '../server-under-test.ts';
import { fresh, SipPeer, sdp } from '../sip-peer.ts';
import { proxyApp, target, vias } from './proxy-app.ts';

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
