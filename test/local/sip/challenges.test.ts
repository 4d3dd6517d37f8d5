import { expect, test } from 'vitest';
import { serverUnderTest } from './server-under-test.ts';
import { SipPeer } from './sip-peer.ts';
import { connectApp } from './srf-app.ts';
import { placed, target } from './srf-calls.ts';

test('a challenge in a call is answered in that call', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const { dialog } = await placed(app.srf, callee, { auth: { username: 'u', password: 'p' } });
  const asking = dialog.request({ method: 'INFO' });
  const first = await callee.next(/^INFO/);
  callee.reply(first, '401 Unauthorized', {
    headers: ['WWW-Authenticate: Digest realm="lab", nonce="n", qop="auth"'],
  });
  const second = await callee.next(/^INFO/);
  expect(second.header('authorization')).toMatch(/^Digest username="u"/);
  expect([second.header('call-id'), second.header('to')]).toEqual([
    first.header('call-id'),
    first.header('to'),
  ]);
  expect(Number.parseInt(second.header('cseq'), 10)).toBe(Number.parseInt(first.header('cseq'), 10) + 1);
  callee.reply(second, '200 OK');
  expect((await asking).status).toBe(200);
});

test('a challenged BYE is sent again with credentials and the call is over', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const { dialog } = await placed(app.srf, callee, { auth: { username: 'u', password: 'p' } });
  const gone = dialog.destroy();
  callee.reply(await callee.next(/^BYE/), '407 Proxy Authentication Required', {
    headers: ['Proxy-Authenticate: Digest realm="lab", nonce="n"'],
  });
  const again = await callee.next(/^BYE/);
  expect(again.header('proxy-authorization')).toMatch(/^Digest username="u"/);
  callee.reply(again, '200 OK');
  await gone;
  if (server.stats) expect(server.stats().dialogs).toBe(0);
});

test('a registration of the app is challenged and sent again with credentials', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using registrar = await SipPeer.udp(server.sipPort);
  const registered = new Promise<number>((found) =>
    app.srf.request(
      target(registrar),
      {
        method: 'REGISTER',
        headers: { Contact: '<sip:me@localhost>;expires=60', To: '<sip:me@lab.test>' },
        auth: { username: 'u', password: 'p' },
      },
      (_error, request) => request.on('response', ({ status }) => found(status)),
    ),
  );
  const first = await registrar.next(/^REGISTER/);
  expect(first.header('contact')).toBe(`<sip:me@127.0.0.1:${server.sipPort}>;expires=60`);
  registrar.reply(first, '401 Unauthorized', {
    headers: ['WWW-Authenticate: Digest realm="lab", nonce="n", qop="auth"'],
  });
  const second = await registrar.next(/^REGISTER/);
  expect(second.header('authorization')).toMatch(/^Digest username="u"/);
  expect(second.header('call-id')).toBe(first.header('call-id'));
  registrar.reply(second, '200 OK');
  expect(await registered).toBe(200);
});

test('REGISTER reaches the app with all its Contacts, and its answer goes back', async () => {
  await using server = await serverUnderTest();
  await using peer = await SipPeer.udp(server.sipPort);
  const seen: string[] = [];
  await using _app = await connectApp(server, (srf) =>
    srf.use('register', (request, response) => {
      seen.push(request.get('contact'));
      response.send(200, {
        headers: { Contact: request.get('contact'), Date: 'Mon, 23 Nov 2026 05:00:00 GMT' },
      });
    }),
  );
  const contact = '<sip:one@127.0.0.1>;expires=60, <sip:two@127.0.0.1>;q=0.5';
  peer.send(peer.request('REGISTER', server.sipPort, { contact }));
  const granted = await peer.next(/ 200 /);
  expect(granted.header('date')).toBe('Mon, 23 Nov 2026 05:00:00 GMT');
  const parts = (text: string) => text.replaceAll(' ', '').split(',');
  expect(parts(seen[0] ?? '')).toEqual(parts(contact));
  expect(parts(granted.header('contact'))).toEqual(parts(contact));
});
