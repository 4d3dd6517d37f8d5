import { expect, test } from 'vitest';
import { quick, serverUnderTest } from './server-under-test.ts';
import { SipPeer, sdp } from './sip-peer.ts';
import { connectApp } from './srf-app.ts';

const target = (peer: SipPeer): string =>
  `sip:bob@127.0.0.1:${peer.port}${peer.protocol === 'TCP' ? ';transport=tcp' : ''}`;

test('an unanswered INVITE is repeated and the app hears 408 after timer B', async () => {
  await using server = await serverUnderTest(quick);
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  await expect(app.srf.createUAC(target(callee), { localSdp: sdp() })).rejects.toMatchObject({ status: 408 });
  expect(callee.count(/^INVITE/)).toBeGreaterThan(1);
});

test('nobody listens on the UDP port: the app hears 503 long before a timeout', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  const gone = await SipPeer.udp(server.sipPort);
  await gone[Symbol.asyncDispose]();
  await expect(app.srf.createUAC(target(gone), { localSdp: sdp() })).rejects.toMatchObject({ status: 503 });
  await expect(app.srf.createUAC(target(gone), { localSdp: sdp() })).rejects.toMatchObject({ status: 503 });
});

test('nobody listens on the TCP port: the app hears 503', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  const gone = await SipPeer.tcp(server.sipPort);
  await gone[Symbol.asyncDispose]();
  await expect(app.srf.createUAC(target(gone), { localSdp: sdp() })).rejects.toMatchObject({ status: 503 });
});

test('a name that leads nowhere: the app hears 503', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await expect(app.srf.createUAC('sip:bob@nowhere.invalid', { localSdp: sdp() })).rejects.toMatchObject({
    status: 503,
  });
});

test('a call that was refused to a dead peer goes through once that peer lives', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  for (let call = 0; call < 3; call++) {
    const calling = app.srf.createUAC(target(callee), { localSdp: sdp() });
    const invite = await callee.next(/^INVITE/);
    callee.reply(invite, '603 Decline');
    await expect(calling).rejects.toMatchObject({ status: 603 });
  }
});

test('a transport the server has not: the app is told at once', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await expect(app.srf.createUAC('sips:bob@127.0.0.1:5061;transport=tls', {})).rejects.toThrow(
    'requested protocol/transport not available',
  );
});

test('the app cannot call the server it is connected to', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await expect(app.srf.createUAC(`sip:me@127.0.0.1:${server.sipPort}`, { localSdp: sdp() })).rejects.toThrow(
    'can not send request to myself',
  );
});
