import { expect, test } from 'vitest';
import { a, type DnsStandIn, dnsStandIn, naptr, srv } from './dns-stand-in.ts';
import { embedded, quick } from './server-under-test.ts';
import { SipPeer, sdp } from './sip-peer.ts';
import { type ConnectedApp, connectApp } from './srf-app.ts';

/* drachtio-server asks the DNS servers of its machine and no others, so these are told of ours alone. */

const asking = (dns: DnsStandIn, timers = {}) => embedded(timers, { dns: [dns.address] });

/** Call a name; resolves with the status the app hears in the end. */
const call = (app: ConnectedApp, uri: string): Promise<number> =>
  app.srf.createUAC(uri, { localSdp: sdp() }).then(
    () => 200,
    (error: { status?: number }) => error.status ?? 0,
  );

async function answer(peer: SipPeer, status = '200 OK') {
  const invite = await peer.next(/^INVITE/);
  peer.reply(invite, status, { body: sdp() });
  await peer.next(/^ACK/);
  return invite;
}

test('a name with SRV records leads to the host and port they name', async () => {
  await using dns = await dnsStandIn(a('one.lab.test'));
  await using server = await asking(dns);
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  dns.records.push(srv('_sip._udp.lab.test', 'one.lab.test', callee.port));
  const status = call(app, 'sip:bob@lab.test');
  expect((await answer(callee)).startLine).toBe('INVITE sip:bob@lab.test SIP/2.0');
  expect(await status).toBe(200);
});

test('NAPTR records choose the transport, the most wanted that we have', async () => {
  await using dns = await dnsStandIn(
    a('one.lab.test'),
    naptr('lab.test', 'SIP+D2U', '_sip._udp.lab.test', 20),
    naptr('lab.test', 'SIP+D2T', '_sip._tcp.lab.test', 10),
    naptr('lab.test', 'SIPS+D2T', '_sips._tcp.lab.test', 1),
  );
  await using server = await asking(dns);
  await using app = await connectApp(server);
  await using callee = await SipPeer.tcp(server.sipPort);
  dns.records.push(srv('_sip._tcp.lab.test', 'one.lab.test', callee.port));
  const status = call(app, 'sip:bob@lab.test');
  const invite = await answer(callee);
  expect(invite.header('via')).toMatch(/^SIP\/2.0\/TCP/);
  expect(invite.header('contact')).toContain('transport=tcp');
  expect(await status).toBe(200);
  expect(dns.asked.slice(0, 2)).toEqual(['NAPTR lab.test', 'SRV _sip._tcp.lab.test']);
});

test('a transport that is named asks for its services alone, a port that is named for the address alone', async () => {
  await using dns = await dnsStandIn(a('lab.test'), a('one.lab.test'));
  await using server = await asking(dns);
  await using app = await connectApp(server);
  await using callee = await SipPeer.tcp(server.sipPort);
  dns.records.push(srv('_sip._tcp.lab.test', 'one.lab.test', callee.port));
  const named = call(app, 'sip:bob@lab.test;transport=tcp');
  await answer(callee);
  expect(await named).toBe(200);
  expect(dns.asked).toEqual(['SRV _sip._tcp.lab.test', 'A one.lab.test']);
  dns.asked.length = 0;
  const ported = call(app, `sip:bob@lab.test:${callee.port};transport=tcp`);
  await answer(callee);
  expect(await ported).toBe(200);
  expect(dns.asked).toEqual(['A lab.test']);
});

test('the first of the services is dead, the second overloaded: the third is called, each with a branch of its own', async () => {
  await using dns = await dnsStandIn(a('one.lab.test'));
  await using server = await asking(dns);
  await using app = await connectApp(server);
  await using busy = await SipPeer.udp(server.sipPort);
  await using free = await SipPeer.udp(server.sipPort);
  const dead = await SipPeer.udp(server.sipPort);
  await dead[Symbol.asyncDispose]();
  for (const [priority, { port }] of [dead, busy, free].entries())
    dns.records.push(srv('_sip._udp.lab.test', 'one.lab.test', port, priority));
  const status = call(app, 'sip:bob@lab.test');
  const first = await answer(busy, '503 Service Unavailable');
  const second = await answer(free);
  expect(await status).toBe(200);
  expect(second.header('via')).not.toBe(first.header('via'));
  for (const name of ['call-id', 'cseq', 'from', 'to']) expect(second.header(name)).toBe(first.header(name));
});

test('a service that did not answer is asked last until it has had its time', async () => {
  await using dns = await dnsStandIn(a('one.lab.test'));
  await using server = await asking(dns);
  await using app = await connectApp(server);
  await using sick = await SipPeer.udp(server.sipPort);
  await using well = await SipPeer.udp(server.sipPort);
  dns.records.push(srv('_sip._udp.lab.test', 'one.lab.test', sick.port, 1));
  dns.records.push(srv('_sip._udp.lab.test', 'one.lab.test', well.port, 2));
  const first = call(app, 'sip:bob@lab.test');
  await answer(sick, '503 Service Unavailable');
  await answer(well);
  expect(await first).toBe(200);
  const second = call(app, 'sip:bob@lab.test');
  await answer(well);
  expect(await second).toBe(200);
  expect(sick.count(/^INVITE/)).toBe(1);
});

test('all are dead or silent: the app hears what became of the last', async () => {
  await using dns = await dnsStandIn(a('one.lab.test'));
  await using server = await asking(dns, quick);
  await using app = await connectApp(server);
  await using silent = await SipPeer.udp(server.sipPort);
  const dead = await SipPeer.udp(server.sipPort);
  await dead[Symbol.asyncDispose]();
  dns.records.push(srv('_sip._udp.lab.test', 'one.lab.test', dead.port, 1));
  dns.records.push(srv('_sip._udp.lab.test', 'one.lab.test', silent.port, 2));
  expect(await call(app, 'sip:bob@lab.test')).toBe(408);
  expect(await call(app, 'sip:bob@nobody.test')).toBe(503);
});

test('a request that is no INVITE goes on to the next service as well', async () => {
  await using dns = await dnsStandIn(a('one.lab.test'));
  await using server = await asking(dns);
  await using app = await connectApp(server);
  await using busy = await SipPeer.udp(server.sipPort);
  await using free = await SipPeer.udp(server.sipPort);
  dns.records.push(srv('_sip._udp.lab.test', 'one.lab.test', busy.port, 1));
  dns.records.push(srv('_sip._udp.lab.test', 'one.lab.test', free.port, 2));
  const heard = new Promise<number>((found) =>
    app.srf.request('sip:lab.test', { method: 'OPTIONS' }, (_error, request) =>
      request.on('response', ({ status }) => found(status)),
    ),
  );
  busy.reply(await busy.next(/^OPTIONS/), '503 Service Unavailable');
  free.reply(await free.next(/^OPTIONS/), '200 OK');
  expect(await heard).toBe(200);
});

test('a request passed on to a name tries its services in turn and counts as one target', async () => {
  await using dns = await dnsStandIn(a('one.lab.test'));
  await using server = await asking(dns);
  await using busy = await SipPeer.udp(server.sipPort);
  await using free = await SipPeer.udp(server.sipPort);
  dns.records.push(srv('_sip._udp.lab.test', 'one.lab.test', busy.port, 1));
  dns.records.push(srv('_sip._udp.lab.test', 'one.lab.test', free.port, 2));
  await using _app = await connectApp(server, (srf) =>
    srf.invite((request) => void srf.proxyRequest(request, 'sip:lab.test')),
  );
  await using caller = await SipPeer.udp(server.sipPort);
  caller.send(caller.request('INVITE', server.sipPort, { body: sdp() }));
  busy.reply(await busy.next(/^INVITE/), '503 Service Unavailable');
  free.reply(await free.next(/^INVITE/), '486 Busy Here');
  await caller.next(/ 486 /);
});

test('a callee whose Contact is a name is found by its services, in turn', async () => {
  await using dns = await dnsStandIn(a('one.lab.test'));
  await using server = await asking(dns);
  await using app = await connectApp(server);
  await using callee = await SipPeer.udp(server.sipPort);
  await using other = await SipPeer.udp(server.sipPort);
  dns.records.push(srv('_sip._udp.lab.test', 'one.lab.test', callee.port, 1));
  dns.records.push(srv('_sip._udp.lab.test', 'one.lab.test', other.port, 2));
  const calling = app.srf.createUAC(`sip:bob@127.0.0.1:${callee.port}`, { localSdp: sdp() });
  callee.reply(await callee.next(/^INVITE/), '200 OK', { body: sdp(), contact: '<sip:bob@lab.test>' });
  const dialog = await calling;
  expect((await callee.next(/^ACK/)).startLine).toBe('ACK sip:bob@lab.test SIP/2.0');
  const gone = dialog.destroy();
  callee.reply(await callee.next(/^BYE/), '503 Service Unavailable');
  other.reply(await other.next(/^BYE/), '200 OK');
  await gone;
  expect(server.stats?.().dialogs).toBe(0);
});
