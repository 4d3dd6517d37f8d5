import { expect, test } from 'vitest';
import { answeredCall, answering } from './running-call.ts';
import { embedded, serverUnderTest } from './server-under-test.ts';
import { SipPeer, sdp } from './sip-peer.ts';
import { connectApp, type SrfDialog, type SrfRequest } from './srf-app.ts';

test('the caller changes the session: the app answers the re-INVITE, its ACK arrives', async () => {
  await using server = await serverUnderTest();
  const dialogs: SrfDialog[] = [];
  const offers: string[] = [];
  await using _app = await connectApp(
    server,
    answering(dialogs, (dialog) =>
      dialog.on('modify', (request, response) => {
        offers.push(request.body);
        response.send(200, { body: sdp(5002) });
      }),
    ),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const { dialog, ok, callId } = await answeredCall(server, caller, dialogs);
  caller.send(
    caller.request('INVITE', server.sipPort, { callId, cseq: 2, to: ok.header('to'), body: sdp(4002) }),
  );
  const answer = await caller.until(
    (message) => message.header('cseq') === '2 INVITE' && message.startLine.includes(' 200 '),
  );
  expect(answer.body).toBe(sdp(5002));
  expect(answer.header('to')).toBe(ok.header('to'));
  expect(offers).toEqual([sdp(4002)]);
  const acknowledged = new Promise<SrfRequest>((found) => dialog.once('ack', found));
  caller.send(caller.request('ACK', server.sipPort, { callId, cseq: 2, to: ok.header('to') }));
  expect((await acknowledged).get('cseq')).toBe('2 ACK');
});

// RFC 3261 §12.2.2; drachtio-server keeps to the Contact of the first INVITE
test('the app changes the session, at the new address the caller has named since', async () => {
  await using server = await embedded();
  const dialogs: SrfDialog[] = [];
  await using _app = await connectApp(server, answering(dialogs));
  await using caller = await SipPeer.udp(server.sipPort);
  const { dialog, ok, callId } = await answeredCall(server, caller, dialogs);
  caller.send(
    caller.request('INVITE', server.sipPort, {
      callId,
      cseq: 2,
      to: ok.header('to'),
      body: sdp(4002),
      contact: `<sip:moved@127.0.0.1:${caller.port}>`,
    }),
  );
  await caller.until(
    (message) => message.header('cseq') === '2 INVITE' && message.startLine.includes(' 200 '),
  );
  caller.send(caller.request('ACK', server.sipPort, { callId, cseq: 2, to: ok.header('to') }));

  const modifying = dialog.modify(sdp(5004));
  const invite = await caller.next(/^INVITE/);
  expect(invite.startLine).toContain('sip:moved@127.0.0.1');
  expect(invite.body).toBe(sdp(5004));
  expect(invite.header('contact')).toContain(`127.0.0.1:${server.sipPort}`);
  caller.reply(invite, '200 OK', { body: sdp(4004) });
  expect(await modifying).toBe(sdp(4004));
  const ack = await caller.next(/^ACK/);
  expect(Number.parseInt(ack.header('cseq'), 10)).toBe(Number.parseInt(invite.header('cseq'), 10));
});

test.each(['INFO', 'MESSAGE', 'REFER', 'NOTIFY', 'UPDATE', 'OPTIONS'])(
  '%s passes both ways in a call',
  async (method) => {
    await using server = await serverUnderTest();
    const dialogs: SrfDialog[] = [];
    const heard: string[] = [];
    await using _app = await connectApp(
      server,
      answering(dialogs, (dialog) =>
        dialog.on(method.toLowerCase(), (request, response) => {
          heard.push(`${request.method} ${request.get('x-what')}`);
          response.send(202, { headers: { 'X-Taken': 'yes' } });
        }),
      ),
    );
    await using caller = await SipPeer.udp(server.sipPort);
    const { dialog, ok, callId } = await answeredCall(server, caller, dialogs);
    const extra =
      method === 'REFER'
        ? ['Refer-To: <sip:carol@127.0.0.1>']
        : ['Event: dialog', 'Subscription-State: active'];
    caller.send(
      caller.request(method, server.sipPort, {
        callId,
        cseq: 2,
        to: ok.header('to'),
        headers: ['X-What: this', ...extra],
      }),
    );
    const taken = await caller.next(/ 202 /);
    expect(taken.header('x-taken')).toBe('yes');
    expect(heard).toEqual([`${method} this`]);

    const asking = dialog.request({ method, headers: { 'X-What': 'that' } });
    const request = await caller.next(new RegExp(`^${method} sip:peer@`));
    expect(request.header('x-what')).toBe('that');
    expect(request.header('from')).toBe(ok.header('to'));
    caller.reply(request, '200 OK');
    expect((await asking).status).toBe(200);
  },
);

test('CSeq rises with each request of the app', async () => {
  await using server = await serverUnderTest();
  const dialogs: SrfDialog[] = [];
  await using _app = await connectApp(server, answering(dialogs));
  await using caller = await SipPeer.udp(server.sipPort);
  const { dialog } = await answeredCall(server, caller, dialogs);
  const numbers: number[] = [];
  for (let count = 0; count < 3; count++) {
    const asking = dialog.request({ method: 'INFO' });
    const info = await caller.next(/^INFO/);
    numbers.push(Number.parseInt(info.header('cseq'), 10));
    caller.reply(info, '200 OK');
    await asking;
  }
  const [first = 0] = numbers;
  expect(numbers).toEqual([first, first + 1, first + 2]);
});

// RFC 3261 §12.2.2; drachtio-server hands it to the app
test('a request with a CSeq that was passed is answered 500 and the app hears nothing', async () => {
  await using server = await embedded();
  const dialogs: SrfDialog[] = [];
  const heard: unknown[] = [];
  await using _app = await connectApp(
    server,
    answering(dialogs, (dialog) =>
      dialog.on('info', (request, response) => {
        heard.push(request.get('cseq'));
        response.send(200);
      }),
    ),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const { ok, callId } = await answeredCall(server, caller, dialogs);
  caller.send(caller.request('INFO', server.sipPort, { callId, cseq: 9, to: ok.header('to') }));
  await caller.until((message) => message.header('cseq') === '9 INFO');
  caller.send(caller.request('INFO', server.sipPort, { callId, cseq: 5, to: ok.header('to') }));
  const late = await caller.until((message) => message.header('cseq') === '5 INFO');
  expect(late.startLine).toContain(' 500 ');
  expect(heard).toEqual(['9 INFO']);
});

// RFC 3261 §14.2, which drachtio-server leaves to the application
test('a re-INVITE that meets our own is answered 491, one before the last is answered 500 with Retry-After', async () => {
  await using server = await embedded();
  const dialogs: SrfDialog[] = [];
  await using _app = await connectApp(
    server,
    answering(dialogs, (dialog) => dialog.on('modify', () => {})),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  const { dialog, ok, callId } = await answeredCall(server, caller, dialogs);
  const modifying = dialog.request({ method: 'INVITE', body: sdp(5004) });
  const ours = await caller.next(/^INVITE/);
  caller.send(
    caller.request('INVITE', server.sipPort, { callId, cseq: 2, to: ok.header('to'), body: sdp() }),
  );
  await caller.next(/ 491 /);
  caller.reply(ours, '491 Request Pending');
  expect((await modifying).status).toBe(491);

  caller.send(
    caller.request('INVITE', server.sipPort, { callId, cseq: 3, to: ok.header('to'), body: sdp() }),
  );
  await caller.until(
    (message) => message.header('cseq') === '3 INVITE' && message.startLine.includes(' 100 '),
  );
  caller.send(
    caller.request('INVITE', server.sipPort, { callId, cseq: 4, to: ok.header('to'), body: sdp() }),
  );
  const busy = await caller.next(/ 500 /);
  expect(Number(busy.header('retry-after'))).toBeLessThanOrEqual(10);
});
