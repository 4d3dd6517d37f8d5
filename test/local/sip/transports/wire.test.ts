import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { generate } from 'selfsigned';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { embedded, onDrachtio, serverUnderTest } from '../server-under-test.ts';
import { SipPeer, sdp } from '../sip-peer.ts';
import { connectApp, type SrfDialog } from '../srf-app.ts';
import { callThrough, takeCalls } from './call-taken.ts';
import { waitingPeer } from './stream-peer.ts';

const certificate = await generate([{ name: 'commonName', value: 'peer.test' }], {
  keyType: 'ec',
  extensions: [
    {
      name: 'subjectAltName',
      altNames: [
        { type: 2, value: 'localhost' },
        { type: 7, ip: '127.0.0.1' },
      ],
    },
  ],
});

/** a container may have been given none */
const ipv6 = Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === '::1'));

/** There, all that can be shown is that the contact is refused by name. */
const expectNoIpv6 = () =>
  expect(embedded({}, { contacts: ['sip:[::1]:0;transport=tcp'] })).rejects.toThrow('::1');

const tlsContact = ['sips:127.0.0.1:0;transport=tls'];

test.skipIf(onDrachtio)('a TLS peer is called when its certificate is good for its name', async () => {
  await using server = await embedded({}, { contacts: tlsContact, tls: { ca: certificate.cert } });
  await using app = await connectApp(server);
  await using callee = await waitingPeer(certificate);
  for (const host of ['127.0.0.1', 'localhost']) {
    const calling = app.srf.createUAC(`sip:bob@${host}:${callee.port};transport=tls`, { localSdp: sdp() });
    const invite = await callee.next(/^INVITE /);
    expect(invite.header('via')).toMatch(/^SIP\/2.0\/TLS /);
    callee.reply(invite, '486 Busy Here');
    await expect(calling).rejects.toMatchObject({ status: 486 });
  }
});

test.skipIf(onDrachtio)(
  'a TLS peer whose certificate nobody vouches for is called only when asked to',
  async () => {
    await using callee = await waitingPeer(certificate);
    const uri = `sip:bob@127.0.0.1:${callee.port};transport=tls`;
    {
      await using server = await embedded({}, { contacts: tlsContact });
      await using app = await connectApp(server);
      await expect(app.srf.createUAC(uri, { localSdp: sdp() })).rejects.toMatchObject({ status: 503 });
      expect(callee.heard).toEqual([]);
    }
    await using server = await embedded({}, { contacts: tlsContact, tls: { verify: false } });
    await using app = await connectApp(server);
    const calling = app.srf.createUAC(uri, { localSdp: sdp() });
    callee.reply(await callee.next(/^INVITE /), '486 Busy Here');
    await expect(calling).rejects.toMatchObject({ status: 486 });
  },
);

test.skipIf(onDrachtio)('calls of IPv6 are taken on every transport', async () => {
  if (!ipv6) return expectNoIpv6();
  const contacts = ['udp,tcp', 'tls', 'ws', 'wss'].map((one) => `sip:[::1]:0;transport=${one}`);
  await using server = await embedded({}, { contacts: ['sip:127.0.0.1:0', ...contacts] });
  const calls = new Map<string, Promise<SrfDialog>>();
  await using app = await connectApp(server, (srf) => takeCalls(srf, calls));
  for (const protocol of ['TCP', 'TLS', 'WS', 'WSS'] as const)
    await callThrough(protocol, server, calls, '::1');
  expect(app.hostports).toContain(`tcp/[::1]:${server.portOf('tcp')}`);
});

test('an IPv6 peer is called from the IPv6 contact, an IPv4 peer from the other', async () => {
  if (!ipv6) return expectNoIpv6();
  await using server = await serverUnderTest({}, [
    'sip:127.0.0.1:0;transport=tcp',
    'sip:[::1]:0;transport=tcp',
  ]);
  await using app = await connectApp(server);
  for (const host of ['127.0.0.1', '::1']) {
    await using callee = await waitingPeer(undefined, host);
    const at = host.includes(':') ? `[${host}]` : host;
    const calling = app.srf.createUAC(`sip:bob@${at}:${callee.port};transport=tcp`, { localSdp: sdp() });
    const invite = await callee.next(/^INVITE /);
    expect(invite.header('via')).toContain(`SIP/2.0/TCP ${at}:`);
    expect(invite.header('contact')).toContain(`${at}:`);
    callee.reply(invite, '486 Busy Here');
    await expect(calling).rejects.toMatchObject({ status: 486 });
  }
});

test('two requests to one peer share a connection', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await waitingPeer();
  for (let call = 0; call < 2; call++) {
    const calling = app.srf.createUAC(`sip:bob@127.0.0.1:${callee.port};transport=tcp`, { localSdp: sdp() });
    callee.reply(await callee.next(/^INVITE /), '486 Busy Here');
    await expect(calling).rejects.toMatchObject({ status: 486 });
  }
  expect(callee.connections).toBe(1);
});

async function pong(socket: Socket, pieces: readonly string[]): Promise<void> {
  const heard = once(socket, 'data');
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((turn) => setImmediate(turn));
  }
  expect(String(await heard)).toBe('\r\n');
}

test('two empty lines are answered by one, in one piece or several', async () => {
  await using server = await serverUnderTest();
  const socket = connect(server.portOf('tcp'), '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  await pong(socket, ['\r\n\r\n']);
  if (!onDrachtio) await pong(socket, ['\r', '\n\r', '\n']);
  socket.destroy();
});

test('two empty lines on a WebSocket are answered by one', async () => {
  await using server = await serverUnderTest({}, ['sip:127.0.0.1:0', 'sip:127.0.0.1:0;transport=ws']);
  const socket = new WebSocket(`ws://127.0.0.1:${server.portOf('ws')}`, 'sip');
  await once(socket, 'open');
  const heard = once(socket, 'message');
  socket.send('\r\n\r\n');
  expect(String((await heard)[0])).toBe('\r\n');
  socket.terminate();
});

const large = { localSdp: sdp(), headers: { 'X-Large': 'x'.repeat(1_400) } };

test.skipIf(onDrachtio)('a request too long for UDP goes by TCP, and its CANCEL after it', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await waitingPeer();
  let sent: { cancel(): void } | undefined;
  const calling = app.srf.createUAC(`sip:bob@127.0.0.1:${callee.port}`, large, {
    cbRequest: (_error, request) => {
      sent = request;
    },
  });
  const invite = await callee.next(/^INVITE /);
  expect(invite.header('via')).toMatch(/^SIP\/2.0\/TCP /);
  callee.reply(invite, '180 Ringing');
  sent?.cancel();
  const cancel = await callee.next(/^CANCEL /);
  expect(cancel.header('via')).toBe(invite.header('via'));
  callee.reply(cancel, '200 OK');
  callee.reply(invite, '487 Request Terminated');
  await callee.next(/^ACK /);
  await expect(calling).rejects.toMatchObject({ status: 487 });
});

test.skipIf(onDrachtio)('a dialog begun by TCP for its length goes on there', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await waitingPeer();
  const calling = app.srf.createUAC(`sip:bob@127.0.0.1:${callee.port}`, large);
  callee.reply(await callee.next(/^INVITE /), '200 OK', { body: sdp(), contact: callee.contact });
  await callee.next(/^ACK /);
  const over = (await calling).destroy();
  const bye = await callee.next(/^BYE /);
  expect(bye.header('via')).toMatch(/^SIP\/2.0\/TCP /);
  callee.reply(bye, '200 OK');
  await over;
});

test('a peer that takes no TCP gets a long request by UDP', async () => {
  await using server = await serverUnderTest();
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  const calling = app.srf.createUAC(`sip:bob@127.0.0.1:${callee.port}`, large);
  const invite = await callee.next(/^INVITE /);
  expect(invite.header('via')).toMatch(/^SIP\/2.0\/UDP /);
  callee.reply(invite, '486 Busy Here');
  await expect(calling).rejects.toMatchObject({ status: 486 });
});
