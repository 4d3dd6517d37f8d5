import { afterEach, expect, test, vi } from 'vitest';
import { embedded, type ServerUnderTest, serverUnderTest } from './server-under-test.ts';
import { fresh, type Heard, SipPeer } from './sip-peer.ts';
import { connectApp, type SrfApp, type SrfDialog, type SrfRequest } from './srf-app.ts';

afterEach(() => {
  vi.useRealTimers();
});

const target = (peer: SipPeer): string => `sip:presence@127.0.0.1:${peer.port}`;

/** A peer notifies the app of what it has subscribed to. */
const notify = (
  peer: SipPeer,
  server: ServerUnderTest,
  subscribe: Heard,
  cseq: number,
  state: string,
): void =>
  peer.send(
    peer.request('NOTIFY', server.sipPort, {
      callId: subscribe.header('call-id'),
      fromTag: 'callee',
      to: subscribe.header('from'),
      uri: subscribe.header('contact').slice(1, -1),
      cseq,
      headers: ['Event: presence', `Subscription-State: ${state}`],
    }),
  );

const isAnswer = (to: string, status: number) => (message: Heard) =>
  message.header('cseq') === to && message.startLine.startsWith(`SIP/2.0 ${status} `);

const subscribing = (srf: SrfApp, peer: SipPeer): Promise<SrfDialog> =>
  srf.createUAC(target(peer), {
    method: 'SUBSCRIBE',
    callingNumber: 'presence', // drachtio-srf knows a subscription by a user that both sides name
    headers: { Event: 'presence', Expires: '600' },
  });

test('the app subscribes, hears each NOTIFY, refreshes, and the last NOTIFY ends it', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using peer = await SipPeer.udp(server.sipPort);
  const subscribed = subscribing(app.srf, peer);
  const subscribe = await peer.next(/^SUBSCRIBE/);
  expect([subscribe.header('event'), subscribe.header('expires')]).toEqual(['presence', '600']);
  peer.reply(subscribe, '202 Accepted', { headers: ['Expires: 600'] });
  const dialog = await subscribed;
  const states: string[] = [];
  dialog.on('notify', (request, response) => {
    states.push(request.get('subscription-state'));
    response.send(200);
  });
  notify(peer, server, subscribe, 1, 'active;expires=600');
  await peer.until(isAnswer('1 NOTIFY', 200));

  const refreshing = dialog.request({ method: 'SUBSCRIBE', headers: { Event: 'presence', Expires: '600' } });
  const again = await peer.next(/^SUBSCRIBE/);
  expect(again.header('to')).toContain('tag=callee');
  expect(Number.parseInt(again.header('cseq'), 10)).toBe(Number.parseInt(subscribe.header('cseq'), 10) + 1);
  peer.reply(again, '200 OK', { headers: ['Expires: 600'] });
  expect((await refreshing).status).toBe(200);

  const over = new Promise<SrfRequest>((found) => dialog.once('destroy', (last) => found(last)));
  notify(peer, server, subscribe, 2, 'terminated;reason=timeout');
  // drachtio-server answers the last NOTIFY itself, with 500
  const last = await peer.until((message) => message.header('cseq') === '2 NOTIFY');
  if (server.stats) expect(last.startLine).toBe('SIP/2.0 200 OK');
  expect((await over).method).toBe('NOTIFY');
  expect(states).toEqual(['active;expires=600', 'terminated;reason=timeout']);
  if (server.stats) expect(server.stats().dialogs).toBe(0);
});

test('a peer subscribes: the app accepts, notifies, and hears it unsubscribe', async () => {
  await using server = await serverUnderTest();
  const dialogs: SrfDialog[] = [];
  await using _app = await connectApp(server, (srf) =>
    srf.subscribe(async (request, response) => {
      const headers = { Expires: '600' };
      dialogs.push(await srf.createUAS(request, response, { headers }));
    }),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  const headers = ['Event: presence', 'Expires: 600'];
  peer.send(peer.request('SUBSCRIBE', server.sipPort, { callId, headers }));
  const accepted = await peer.next(/ 202 /);
  expect(accepted.header('contact')).toContain(`127.0.0.1:${server.sipPort}`);
  await expect.poll(() => dialogs.length).toBe(1);
  const [dialog] = dialogs;
  const notified = dialog?.request({
    method: 'NOTIFY',
    headers: { Event: 'presence', 'Subscription-State': 'active', 'Content-Type': 'text/plain' },
    body: 'here',
  });
  const heard = await peer.next(/^NOTIFY/);
  expect([heard.body, heard.header('subscription-state')]).toEqual(['here', 'active']);
  expect(heard.header('from')).toBe(accepted.header('to'));
  peer.reply(heard, '200 OK');
  expect((await notified)?.status).toBe(200);

  const over = new Promise<SrfRequest>((found) => dialog?.on('unsubscribe', found));
  const leave = { callId, to: accepted.header('to'), cseq: 2, headers: ['Event: presence', 'Expires: 0'] };
  peer.send(peer.request('SUBSCRIBE', server.sipPort, leave));
  await peer.until(isAnswer('2 SUBSCRIBE', 202));
  expect((await over).get('expires')).toBe('0');
  void dialog?.destroy();
  const last = await peer.next(/^NOTIFY/);
  expect(last.header('subscription-state')).toBe('terminated');
  peer.reply(last, '200 OK');
  if (server.stats) await expect.poll(() => server.stats?.().dialogs).toBe(0);
});

test('a subscription that is refused begins nothing', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using peer = await SipPeer.udp(server.sipPort);
  const subscribed = subscribing(app.srf, peer);
  peer.reply(await peer.next(/^SUBSCRIBE/), '489 Bad Event');
  await expect(subscribed).rejects.toMatchObject({ status: 489 });
  if (server.stats) expect(server.stats().dialogs).toBe(0);
});

// drachtio-server gives it to the app and answers 500 whatever that says
test('a first NOTIFY that overtakes the answer to its SUBSCRIBE is heard', async () => {
  await using server = await embedded();
  const early: string[] = [];
  await using app = await connectApp(server, (srf) =>
    srf.use('notify', (request, response) => {
      early.push(request.get('subscription-state'));
      response.send(200);
    }),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const subscribed = subscribing(app.srf, peer);
  const subscribe = await peer.next(/^SUBSCRIBE/);
  notify(peer, server, subscribe, 1, 'pending');
  await peer.until(isAnswer('1 NOTIFY', 200));
  expect(early).toEqual(['pending']);
  peer.reply(subscribe, '200 OK', { headers: ['Expires: 600'] });
  const dialog = await subscribed;
  expect(server.stats?.().dialogs).toBe(1);
  const states: string[] = [];
  dialog.on('notify', (request, response) => {
    states.push(request.get('subscription-state'));
    response.send(200);
  });
  notify(peer, server, subscribe, 2, 'active');
  await peer.until(isAnswer('2 NOTIFY', 200));
  expect(states).toEqual(['active']);
});

test('a NOTIFY that nobody subscribed to is answered 481', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) =>
    srf.use('notify', (_request, response) => response.send(200)),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const headers = ['Event: presence', 'Subscription-State: active'];
  peer.send(peer.request('NOTIFY', server.sipPort, { to: '<sip:app@127.0.0.1>;tag=nobody', headers }));
  await peer.next(/ 481 /);
});

test('a subscription that is not refreshed is over after its time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await using server = await embedded();
  await using app = await connectApp(server, (srf) =>
    srf.subscribe((request, response) =>
      response.send(202, { headers: { Expires: request.get('expires') } }),
    ),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  const headers = ['Event: presence', 'Expires: 60'];
  peer.send(peer.request('SUBSCRIBE', server.sipPort, { callId, headers }));
  await peer.next(/ 202 /);
  const subscribed = subscribing(app.srf, peer);
  peer.reply(await peer.next(/^SUBSCRIBE/), '200 OK', { headers: ['Expires: 120'] });
  const dialog = await subscribed;
  expect(server.stats?.().dialogs).toBe(2);
  vi.advanceTimersByTime(93_000);
  expect(server.stats?.().dialogs).toBe(1);
  const refreshed = dialog.request({ method: 'SUBSCRIBE', headers: { Event: 'presence', Expires: '120' } });
  peer.reply(await peer.next(/^SUBSCRIBE/), '200 OK', { headers: ['Expires: 120'] });
  await refreshed;
  vi.advanceTimersByTime(120_000);
  expect(server.stats?.().dialogs).toBe(1);
  vi.advanceTimersByTime(33_000);
  expect(server.stats?.().dialogs).toBe(0);
});
