import { expect, test } from 'vitest';
import { embedded, serverUnderTest } from './server-under-test.ts';
import { fresh, SipPeer, sdp } from './sip-peer.ts';
import { connectApp, type SrfDialog } from './srf-app.ts';
import { answered, answering, isFinal, placed, target } from './srf-calls.ts';

test('a redirection is followed to its Contact', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using mover = await SipPeer.udp(server.sipPort);
  await using moved = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(target(mover), { localSdp: sdp(), followRedirects: true });
  mover.reply(await mover.next(/^INVITE/), '302 Moved Temporarily', { contact: `<${target(moved)}>` });
  await mover.next(/^ACK/);
  const invite = await moved.next(/^INVITE/);
  expect(invite.startLine).toBe(`INVITE ${target(moved)} SIP/2.0`);
  moved.reply(invite, '200 OK', { body: sdp() });
  await calling;
  await moved.next(/^ACK/);
});

test('a redirection that is not followed is the answer', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using mover = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(target(mover), { localSdp: sdp() });
  mover.reply(await mover.next(/^INVITE/), '302 Moved Temporarily', { contact: '<sip:else@far.example>' });
  await expect(calling).rejects.toMatchObject({ status: 302 });
});

test('a call goes by way of a proxy the app names, for another URI', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using proxy = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC('sip:bob@far.example', { localSdp: sdp(), proxy: target(proxy) });
  const invite = await proxy.next(/^INVITE/);
  expect(invite.startLine).toBe('INVITE sip:bob@far.example SIP/2.0');
  proxy.reply(invite, '486 Busy Here');
  await expect(calling).rejects.toMatchObject({ status: 486 });
});

test('the peer refuses a re-INVITE with 491: the app hears it and the call goes on', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const { dialog } = await placed(app.srf, callee);
  const modifying = dialog.modify(sdp(4002));
  callee.reply(await callee.next(/^INVITE/), '491 Request Pending');
  await expect(modifying).rejects.toMatchObject({ status: 491 });
  await callee.next(/^ACK/);
  const asking = dialog.request({ method: 'INFO' });
  callee.reply(await callee.next(/^INFO/), '200 OK');
  expect((await asking).status).toBe(200);
});

test('hold and unhold reach the app as that, and each is answered with the session turned round', async () => {
  await using server = await serverUnderTest();
  await using caller = await SipPeer.udp(server.sipPort);
  const heard: string[] = [];
  const sendrecv = `${sdp()}a=sendrecv\r\n`;
  const dialogs: SrfDialog[] = [];
  await using _app = await connectApp(server, (srf) =>
    srf.invite(async (request, response) => {
      const dialog = await srf.createUAS(request, response, { localSdp: sendrecv });
      for (const event of ['hold', 'unhold']) dialog.on(event, () => heard.push(event));
      dialogs.push(dialog);
    }),
  );
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sendrecv }));
  const to = (await caller.next(/ 200 /)).header('to');
  caller.send(caller.request('ACK', server.sipPort, { callId, to }));
  await expect.poll(() => dialogs.length).toBe(1);
  for (const [cseq, body, answer] of [
    [2, sendrecv.replace('sendrecv', 'sendonly'), 'a=recvonly'],
    [3, sendrecv, 'a=sendrecv'],
  ] as const) {
    caller.send(caller.request('INVITE', server.sipPort, { callId, to, cseq, body }));
    expect((await caller.until(isFinal(`${cseq} INVITE`, 200))).body).toContain(answer);
    caller.send(caller.request('ACK', server.sipPort, { callId, to, cseq }));
  }
  expect(heard).toEqual(['hold', 'unhold']);
});

test('requests of the app go by the Record-Route of the call it answered, in that order', async () => {
  await using server = await serverUnderTest();
  await using caller = await SipPeer.udp(server.sipPort);
  const dialogs: SrfDialog[] = [];
  await using _app = await connectApp(server, answering(dialogs));
  const routes = [`<sip:127.0.0.1:${caller.port};lr>`, '<sip:far.example;lr>'];
  const headers = routes.map((route) => `Record-Route: ${route}`);
  const { ok, dialog } = await answered(server, caller, dialogs, headers);
  expect(ok.header('record-route').replaceAll(' ', '')).toBe(routes.join(','));
  const asking = dialog.request({ method: 'INFO' });
  const info = await caller.next(/^INFO/);
  expect(info.header('route').replaceAll(' ', '')).toBe(routes.join(','));
  expect(info.startLine).toBe(`INFO ${caller.contact.slice(1, -1)} SIP/2.0`);
  caller.reply(info, '200 OK');
  expect((await asking).status).toBe(200);
});

// drachtio-server 0.9.10 looks for a dialog by a name it no longer gives them, and sends it outside
test('a request with the Call-ID of a call is sent in that call', async () => {
  await using server = await embedded();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const { invite } = await placed(app.srf, callee);
  const answer = new Promise<number>((found) =>
    app.srf.request(
      target(callee),
      { method: 'INFO', headers: { 'Call-ID': invite.header('call-id'), 'X-What': 'this' } },
      (_error, request) => request.on('response', ({ status }) => found(status)),
    ),
  );
  const info = await callee.next(/^INFO/);
  expect([info.header('from'), info.header('x-what')]).toEqual([invite.header('from'), 'this']);
  expect(info.header('to')).toContain('tag=callee');
  callee.reply(info, '200 OK');
  expect(await answer).toBe(200);
});

test('a refusal the app words itself goes out with its reason and headers', async () => {
  await using server = await serverUnderTest();
  await using caller = await SipPeer.udp(server.sipPort);
  await using _app = await connectApp(server, (srf) =>
    srf.invite((_request, response) =>
      response.send(503, { reason: 'Full House', headers: { 'Retry-After': '30', 'X-Why': 'full' } }),
    ),
  );
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  const refused = await caller.next(/ 503 /);
  expect([refused.header('retry-after'), refused.header('x-why')]).toEqual(['30', 'full']);
});

test('two calls with one peer at a time keep apart', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const one = await placed(app.srf, callee);
  const other = await placed(app.srf, callee);
  const [first, second] = [one.dialog.request({ method: 'INFO' }), other.dialog.request({ method: 'INFO' })];
  for (const { invite } of [one, other]) {
    const info = await callee.until(
      ({ startLine, header }) =>
        startLine.startsWith('INFO') && header('call-id') === invite.header('call-id'),
    );
    callee.reply(info, invite === one.invite ? '200 OK' : '415 Unsupported Media Type');
  }
  expect([(await first).status, (await second).status]).toEqual([200, 415]);
});

test('two changes of a session at once: the second waits for the first', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const { dialog } = await placed(app.srf, callee);
  const changes = [dialog.modify(sdp(4002)), dialog.modify(sdp(4004))];
  for (const port of [4002, 4004]) {
    const invite = await callee.next(/^INVITE/);
    expect(invite.body).toBe(sdp(port));
    expect(callee.count(/^INVITE/)).toBe(port === 4002 ? 2 : 3);
    callee.reply(invite, '200 OK', { body: sdp(port + 1) });
    await callee.next(/^ACK/);
  }
  expect(await Promise.all(changes)).toEqual([sdp(4003), sdp(4005)]);
});

test('a call without an offer is answered with a session that only listens', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(target(callee), {});
  const invite = await callee.next(/^INVITE/);
  expect(invite.body).toBe('');
  callee.reply(invite, '200 OK', { body: sdp(6000) });
  await calling;
  const ack = await callee.next(/^ACK/);
  expect(ack.header('content-type')).toBe('application/sdp');
  expect(ack.body).toContain('a=recvonly');
});
