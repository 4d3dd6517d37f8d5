import { expect, test } from 'vitest';
import { embedded, quick, serverUnderTest } from './server-under-test.ts';
import { fresh, type Heard, SipPeer, sdp } from './sip-peer.ts';
import { connectApp, type SrfRequest } from './srf-app.ts';

const reliable = { headers: { Require: '100rel' } };
const supports = ['Supported: 100rel'];

function prack(caller: SipPeer, port: number, provisional: Heard, cseq: number): string {
  return caller.request('PRACK', port, {
    callId: provisional.header('call-id'),
    to: provisional.header('to'),
    cseq,
    headers: [`RAck: ${provisional.header('rseq')} ${provisional.header('cseq')}`],
  });
}

test('a 183 the app wants reliable has an RSeq, is repeated until its PRACK, and the app hears that PRACK', async () => {
  await using server = await serverUnderTest(quick);
  const pracks: SrfRequest[] = [];
  await using _app = await connectApp(server, (srf) =>
    srf.invite((request, response) => {
      response.send(183, { ...reliable, body: sdp(5000) }, undefined, (ack) => {
        pracks.push(ack);
        void srf.createUAS(request, response, { localSdp: sdp(5000) });
      });
    }),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(
    caller.request('INVITE', server.sipPort, { callId: fresh('call-'), body: sdp(), headers: supports }),
  );
  const first = await caller.next(/ 183 /);
  const again = await caller.next(/ 183 /);
  expect(first.header('require')).toContain('100rel');
  expect(Number(first.header('rseq'))).toBeGreaterThan(0);
  expect(again.header('rseq')).toBe(first.header('rseq'));
  caller.send(prack(caller, server.sipPort, first, 2));
  expect((await caller.until((message) => message.header('cseq') === '2 PRACK')).startLine).toBe(
    'SIP/2.0 200 OK',
  );
  const ok = await caller.until(
    (message) => message.header('cseq') === '1 INVITE' && message.startLine.includes(' 200 '),
  );
  caller.send(caller.request('ACK', server.sipPort, { callId: ok.header('call-id'), to: ok.header('to') }));
  await expect.poll(() => pracks.map((request) => request.method)).toEqual(['PRACK']);
});

test('a reliable answer is refused to the app when the caller does not know 100rel', async () => {
  await using server = await serverUnderTest();
  const failures: unknown[] = [];
  await using _app = await connectApp(server, (srf) =>
    srf.invite((_request, response) =>
      response.send(183, { ...reliable, body: sdp() }, (error) => void failures.push(error)),
    ),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  await expect.poll(() => String(failures)).toContain('does not support 100rel');
});

test('a 200 waits while a session description waits for its PRACK', async () => {
  await using server = await serverUnderTest(quick);
  await using _app = await connectApp(server, (srf) =>
    srf.invite((request, response) => {
      response.send(183, { ...reliable, body: sdp(5000) });
      void srf.createUAS(request, response, { localSdp: sdp(5000) });
    }),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(
    caller.request('INVITE', server.sipPort, { callId: fresh('call-'), body: sdp(), headers: supports }),
  );
  const first = await caller.next(/ 183 /);
  await caller.next(/ 183 /);
  expect(caller.count(/ 200 /)).toBe(0);
  caller.send(prack(caller, server.sipPort, first, 2));
  await caller.until(
    (message) => message.header('cseq') === '1 INVITE' && message.startLine.includes(' 200 '),
  );
});

test('a reliable response without a PRACK: the INVITE is refused with 500', async () => {
  await using server = await embedded(quick);
  await using _app = await connectApp(server, (srf) =>
    srf.invite((_request, response) => response.send(183, reliable)),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(
    caller.request('INVITE', server.sipPort, { callId: fresh('call-'), body: sdp(), headers: supports }),
  );
  await caller.next(/ 500 /);
  expect(server.stats?.()).toMatchObject({ unanswered: 0, dialogs: 0 });
});

test('a PRACK for nothing is answered 481', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) =>
    srf.invite((_request, response) => response.send(180)),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(
    caller.request('INVITE', server.sipPort, { callId: fresh('call-'), body: sdp(), headers: supports }),
  );
  const ringing = await caller.next(/ 180 /);
  caller.send(
    caller.request('PRACK', server.sipPort, {
      callId: ringing.header('call-id'),
      to: ringing.header('to'),
      cseq: 2,
      headers: ['RAck: 7 1 INVITE'],
    }),
  );
  await caller.next(/ 481 /);
});

test('two forks ring reliably: each PRACK goes to the fork it is for', async () => {
  await using server = await embedded();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const options = { localSdp: sdp(), headers: { Supported: '100rel' } };
  const calling = app.srf.createUAC(`sip:bob@127.0.0.1:${callee.port}`, options);
  const invite = await callee.next(/^INVITE/);
  callee.reply(invite, '180 Ringing', { toTag: 'one', headers: ['Require: 100rel', 'RSeq: 100'] });
  callee.reply(invite, '180 Ringing', { toTag: 'two', headers: ['Require: 100rel', 'RSeq: 200'] });
  const pracks = [await callee.next(/^PRACK/), await callee.next(/^PRACK/)];
  const told = pracks.map(
    (prack) => `${prack.header('rack').split(' ')[0]} ${/tag=(\w+)/.exec(prack.header('to'))?.[1]}`,
  );
  expect(told.sort()).toEqual(['100 one', '200 two']);
  for (const prack of pracks) callee.reply(prack, '200 OK');
  callee.reply(invite, '486 Busy Here', { toTag: 'one' });
  await expect(calling).rejects.toMatchObject({ status: 486 });
  expect(server.stats?.().dialogs).toBe(0);
});

test('a reliable 183 of the callee is given to the app once and gets its PRACK', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const heard: number[] = [];
  const calling = app.srf.createUAC(
    `sip:bob@127.0.0.1:${callee.port}`,
    { localSdp: sdp(), headers: { Supported: '100rel' } },
    { cbProvisional: (response) => heard.push(response.status) },
  );
  const invite = await callee.next(/^INVITE/);
  const progress = { body: sdp(6000), headers: ['Require: 100rel', 'RSeq: 17'] };
  callee.reply(invite, '183 Session Progress', progress);
  const request = await callee.next(/^PRACK/);
  expect(request.header('rack')).toBe(`17 ${invite.header('cseq')}`);
  expect(request.startLine).toContain(`sip:peer@127.0.0.1:${callee.port}`);
  callee.reply(invite, '183 Session Progress', progress);
  callee.reply(request, '200 OK');
  callee.reply(invite, '200 OK', { body: sdp(6000) });
  await calling;
  await callee.next(/^ACK/);
  expect(heard).toEqual([183]);
  expect(callee.count(/^PRACK/)).toBe(1);
});
