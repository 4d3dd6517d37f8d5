import { expect, test } from 'vitest';
import { embedded, quick, serverUnderTest } from './server-under-test.ts';
import { fresh, SipPeer, sdp } from './sip-peer.ts';
import { connectApp } from './srf-app.ts';

/* What goes over the wire: repeated, merged, malformed and oversized messages, and the way back of a response. */

test('a repeated request is given to the app once and answered each time', async () => {
  await using server = await serverUnderTest();
  let asked = 0;
  await using _app = await connectApp(server, (srf) =>
    srf.options((_request, response) => {
      asked++;
      response.send(200);
    }),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const options = peer.request('OPTIONS', server.sipPort);
  peer.send(options);
  const first = await peer.next(/ 200 /);
  peer.send(options);
  const second = await peer.next(/ 200 /);
  expect(second.text).toBe(first.text);
  expect(asked).toBe(1);
});

test('a repeated INVITE is given to the app once and gets the last provisional again', async () => {
  await using server = await serverUnderTest();
  let asked = 0;
  await using _app = await connectApp(server, (srf) =>
    srf.invite((_request, response) => {
      asked++;
      response.send(180);
    }),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const invite = peer.request('INVITE', server.sipPort, { body: sdp() });
  peer.send(invite);
  await peer.next(/ 180 /);
  peer.send(invite);
  await peer.next(/ 180 /);
  expect(asked).toBe(1);
});

test('a refusal is repeated until its ACK', async () => {
  await using server = await serverUnderTest(quick);
  await using _app = await connectApp(server, (srf) =>
    srf.invite((_request, response) => response.send(486)),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const [branch, callId] = [fresh('z9hG4bK'), fresh('call-')];
  peer.send(peer.request('INVITE', server.sipPort, { branch, callId, body: sdp() }));
  await peer.next(/ 486 /);
  const again = await peer.next(/ 486 /);
  peer.send(peer.request('ACK', server.sipPort, { branch, callId, to: again.header('to') }));
});

test('the transactions of a busy call are all gone in the end', async () => {
  await using server = await embedded({ t1: 20, t2: 80, t4: 50, t1x64: 200 });
  await using app = await connectApp(server, (srf) => {
    srf.invite((_request, response) => response.send(486));
    srf.options((_request, response) => response.send(200));
    srf.message(() => {});
  });
  await using peer = await SipPeer.udp(server.sipPort);
  for (const method of ['INVITE', 'OPTIONS', 'MESSAGE']) peer.send(peer.request(method, server.sipPort));
  app.srf.createUAC(`sip:bob@127.0.0.1:${peer.port}`, { localSdp: sdp() }).catch(() => {});
  await peer.next(/^INVITE/);
  await expect
    .poll(() => server.stats?.())
    .toMatchObject({
      serverTransactions: 0,
      clientTransactions: 0,
      unanswered: 0,
      inviting: 0,
      dialogs: 0,
    });
});

test('an INVITE hears 100 at once, whatever its app does (RFC 3261 §17.2.1: within 200 ms)', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) => srf.invite(() => {})); // which never answers
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  const trying = await caller.next(/^SIP/);
  expect([trying.startLine, trying.header('to')]).toEqual([
    'SIP/2.0 100 Trying',
    `<sip:app@127.0.0.1:${server.sipPort}>`,
  ]);
});

test('the same request by another way is merged: 482', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) =>
    srf.invite((_request, response) => response.send(180)),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  const callId = fresh('call-');
  peer.send(peer.request('INVITE', server.sipPort, { callId, body: sdp() }));
  await peer.next(/ 180 /);
  peer.send(peer.request('INVITE', server.sipPort, { callId, body: sdp() }));
  await peer.next(/ 482 /);
});

test('Max-Forwards 0 may go no further: 483', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) => srf.invite(() => {}));
  await using peer = await SipPeer.udp(server.sipPort);
  peer.send(peer.request('INVITE', server.sipPort, { maxForwards: '0', body: sdp() }));
  await peer.next(/ 483 /);
});

// RFC 3261 §18.2.2; drachtio-server always answers where the request came from
test('a request is answered where it came from when it asked for that, and to its Via when it did not', async () => {
  await using server = await embedded();
  await using _app = await connectApp(server, (srf) =>
    srf.options((_request, response) => response.send(200)),
  );
  await using peer = await SipPeer.udp(server.sipPort);
  await using other = await SipPeer.udp(server.sipPort);
  peer.send(
    peer.request('OPTIONS', server.sipPort).replace(`127.0.0.1:${peer.port};rport`, '10.1.2.3:9;rport'),
  );
  const here = await peer.next(/ 200 /);
  expect(here.header('via')).toMatch(new RegExp(`rport=${peer.port}`));
  expect(here.header('via')).toContain('received=127.0.0.1');
  peer.send(
    peer
      .request('OPTIONS', server.sipPort)
      .replace(`127.0.0.1:${peer.port};rport`, `127.0.0.1:${other.port}`),
  );
  await other.next(/ 200 /);
  peer.send(
    peer.request('OPTIONS', server.sipPort).replace(`127.0.0.1:${peer.port};rport`, `10.1.2.3:${other.port}`),
  );
  const there = await other.next(/ 200 /);
  expect(there.header('via')).toContain(';received=127.0.0.1');
});
