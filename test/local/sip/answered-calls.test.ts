import { expect, test } from 'vitest';
import { serverUnderTest } from './server-under-test.ts';
import { fresh, SipPeer, sdp } from './sip-peer.ts';
import { connectApp, type SrfDialog, type SrfRequest } from './srf-app.ts';

for (const protocol of ['udp', 'tcp'] as const) {
  test(`over ${protocol}: a caller hears 100, 180 and 200 with SDP, its ACK reaches the app, and it hangs up`, async () => {
    await using server = await serverUnderTest();
    let answered: Promise<SrfDialog> | undefined;
    let seen: SrfRequest | undefined;
    await using _app = await connectApp(server, (srf) =>
      srf.invite((request, response) => {
        seen = request;
        response.send(180, { headers: { 'X-Ring': 'ding' } });
        answered = srf.createUAS(request, response, { localSdp: sdp(5000) });
      }),
    );
    await using caller = await SipPeer[protocol](server.sipPort);
    const callId = fresh('call "one" with spaces ').replaceAll(' ', '-');

    caller.send(
      caller.request('INVITE', server.sipPort, { callId, body: sdp(), headers: ['X-Custom: späte Größe'] }),
    );
    const trying = await caller.next(/ 100 /);
    const ringing = await caller.next(/ 180 /);
    const ok = await caller.next(/ 200 /);
    expect(trying.header('to')).not.toContain('tag=');
    expect(ringing.header('x-ring')).toBe('ding');
    expect(ok.header('to')).toBe(ringing.header('to'));
    expect(ok.body).toBe(sdp(5000));
    expect(ok.header('content-type')).toBe('application/sdp');
    expect(ok.header('contact')).toContain(`sip:127.0.0.1:${server.sipPort}`);
    expect(ok.header('via')).toMatch(/rport=\d+/);

    const dialog = await answered;
    if (!dialog || !seen) throw new Error('the app saw no call');
    expect(seen.get('x-custom')).toBe('späte Größe');
    expect([seen.source_address, seen.protocol, seen.body]).toEqual(['127.0.0.1', protocol, sdp()]);
    const acknowledged = new Promise<SrfRequest>((found) => dialog.once('ack', found));
    const over = new Promise<SrfRequest>((found) => dialog.once('destroy', (bye) => found(bye)));
    const uri = `sip:127.0.0.1:${server.sipPort}`;
    caller.send(caller.request('ACK', server.sipPort, { callId, uri, to: ok.header('to') }));
    expect((await acknowledged).method).toBe('ACK');
    caller.send(
      caller.request('BYE', server.sipPort, {
        callId,
        uri,
        cseq: 2,
        to: ok.header('to'),
        headers: ['Reason: Q.850;cause=16'],
      }),
    );
    expect((await over).get('reason')).toBe('Q.850;cause=16');
    expect((await caller.until((message) => message.header('cseq') === '2 BYE')).startLine).toBe(
      'SIP/2.0 200 OK',
    );
    if (server.stats) expect(server.stats()).toMatchObject({ dialogs: 0, unanswered: 0 });
  });

  test(`over ${protocol}: the app hangs up a call it answered`, async () => {
    await using server = await serverUnderTest();
    const dialogs: Promise<SrfDialog>[] = [];
    await using _app = await connectApp(server, (srf) =>
      srf.invite(
        (request, response) => void dialogs.push(srf.createUAS(request, response, { localSdp: sdp(5000) })),
      ),
    );
    await using caller = await SipPeer[protocol](server.sipPort);
    const callId = fresh('call-');
    caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
    const ok = await caller.next(/ 200 /);
    caller.send(caller.request('ACK', server.sipPort, { callId, to: ok.header('to') }));
    const dialog = await dialogs[0];
    const gone = dialog?.destroy({ headers: { Reason: 'SIP;cause=200;text="done"' } });
    const bye = await caller.next(/^BYE/);
    expect(bye.startLine).toContain(`sip:peer@127.0.0.1:${caller.port}`);
    expect(bye.header('from')).toBe(ok.header('to'));
    expect(bye.header('to')).toContain('tag=peer');
    expect(bye.header('reason')).toBe('SIP;cause=200;text="done"');
    caller.reply(bye, '200 OK');
    await gone;
    if (server.stats) expect(server.stats().dialogs).toBe(0);
  });
}

test('an answer the app gives with its own To tag and Contact goes out with them', async () => {
  await using server = await serverUnderTest();
  await using _app = await connectApp(server, (srf) =>
    srf.invite((_request, response) =>
      response.send(486, {
        headers: { To: '<sip:x@y>;tag=mine', Contact: '<sip:me@localhost>', 'X-Why': 'busy' },
      }),
    ),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const invite = caller.request('INVITE', server.sipPort, { body: sdp(), branch: fresh('z9hG4bK') });
  caller.send(invite);
  const busy = await caller.next(/ 486 /);
  expect(busy.header('to')).toContain(';tag=mine');
  expect(busy.header('contact')).toBe(`<sip:me@127.0.0.1:${server.sipPort}>`);
  expect(busy.header('x-why')).toBe('busy');
});

test('OPTIONS reaches the app, whose answer goes back', async () => {
  await using server = await serverUnderTest();
  await using _app = await connectApp(server, (srf) =>
    srf.options((_request, response) =>
      response.send(200, { headers: { Accept: 'application/sdp', 'X-App': 'yes' } }),
    ),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  peer.send(peer.request('OPTIONS', server.sipPort));
  const ok = await peer.next(/ 200 /);
  expect([ok.header('accept'), ok.header('x-app')]).toEqual(['application/sdp', 'yes']);
  expect(ok.header('to')).toContain('tag=');
});

test('a late offer: the 200 carries ours and the ACK the answer', async () => {
  await using server = await serverUnderTest();
  const acks: string[] = [];
  await using _app = await connectApp(server, (srf) =>
    srf.invite(async (request, response) => {
      const dialog = await srf.createUAS(request, response, { localSdp: sdp(5000) });
      dialog.once('ack', (ack) => void acks.push(ack.body));
    }),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId }));
  const ok = await caller.next(/ 200 /);
  caller.send(caller.request('ACK', server.sipPort, { callId, to: ok.header('to'), body: sdp(4321) }));
  await expect.poll(() => acks).toEqual([sdp(4321)]);
});
