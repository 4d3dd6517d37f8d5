import { once } from 'node:events';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import pino from 'pino';
import { expect, test } from 'vitest';
import { connectSipServer } from '../../../edge-node/signaling/drachtio/link.ts';
import type { DialResult } from '../../../edge-node/signaling/sip.ts';
import { authority, type Certificate, selfSigned } from '../../certificates.ts';
import { embedded, type ServerUnderTest } from '../../local/sip/server-under-test.ts';
import { sdp } from '../../local/sip/sip-peer.ts';
import { stage } from './stage.ts';

/* What the edge learns of a TLS server that it does not trust. A drachtio-server tells no cause. */

const ours = await authority();

async function tlsServer(certificate: Certificate, options: TlsOptions = {}) {
  const sockets: { destroy(): unknown }[] = [];
  const heard: string[] = [];
  const server: Server = createServer({ ...certificate, ...options }, (socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => heard.push(data.toString('latin1')));
  });
  server.on('connection', (socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    port,
    heard,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((closed) => server.close(closed));
    },
  };
}

const linkTo = ({ admin, secret }: ServerUnderTest) =>
  connectSipServer(
    { ...admin, secret },
    {
      screen: () => 'pass',
      onRegister: () => {},
      onMalformed: () => {},
      onInvite: () => {},
      onOptions: () => ({ status: 200, headers: {} }),
      onLinkDown: () => {},
    },
    pino({ level: 'silent' }),
  );

const sipServer = () =>
  embedded(
    {},
    {
      contacts: ['sip:127.0.0.1:0;transport=udp,tcp', 'sips:127.0.0.1:0;transport=tls'],
      tls: { ca: ours.cert },
    },
  );

/** What becomes of an INVITE and of an OPTIONS to a carrier with this certificate. */
async function reach(certificate: Certificate) {
  await using carrier = await tlsServer(certificate);
  await using server = await sipServer();
  await using link = await linkTo(server);
  const nextHop = `sip:carrier.test:${carrier.port};transport=tls;maddr=127.0.0.1`;
  const uri = 'sip:+15550100@carrier.test;transport=tls';
  const from = { uri: 'sip:alice@192.0.2.1', number: 'alice' };
  const dialled = link.dial({ uri, nextHop, sdp: sdp(), headers: {}, from, onProvisional: () => {} });
  const invite: DialResult = await dialled.result;
  const options = await link.request({ method: 'OPTIONS', uri, nextHop, timeoutMs: 5_000 });
  return { invite, options, heard: carrier.heard, peer: `tls 127.0.0.1:${carrier.port} (carrier.test): ` };
}

test.each([
  ['is expired', () => ours.issues('carrier.test', { expired: true }), /certificate has expired/],
  ['vouches for itself alone', () => selfSigned('carrier.test'), /self-signed certificate/],
  ['is of another name', () => ours.issues('mallory.test'), /does not match .*mallory\.test/],
  [
    'is of an authority that nobody knows',
    async () => (await authority('other-authority.test')).issues('carrier.test'),
    /unable to verify the first certificate/,
  ],
])('a target whose certificate %s hears nothing, and we hear who it was and why', async (_how, make, why) => {
  const { invite, options, heard, peer } = await reach(await make());
  expect(invite).toMatchObject({ kind: 'failed', status: 503, unheard: 'transport' });
  const detail = invite.kind === 'failed' ? invite.detail : '';
  expect(detail.startsWith(peer)).toBe(true);
  expect(detail).toMatch(why);
  expect(options).toMatchObject({ status: 503, unheard: true, detail });
  expect(heard).toEqual([]);
});

test('a target that is not there at all is named, too', async () => {
  await using server = await sipServer();
  await using link = await linkTo(server);
  const gone = await tlsServer(await ours.issues('127.0.0.1'));
  await gone[Symbol.asyncDispose]();
  const uri = `sip:127.0.0.1:${gone.port};transport=tls`;
  const options = await link.request({ method: 'OPTIONS', uri, timeoutMs: 5_000 });
  expect(options).toMatchObject({
    status: 503,
    detail: expect.stringMatching(new RegExp(`^tls 127\\.0\\.0\\.1:${gone.port}: .*ECONNREFUSED`)),
  });
});

test('what is known of the cause stands in the event of the attempt, and the next target is called', async () => {
  const s = stage();
  s.invite();
  await s.settled();
  s.attempt(0).failsUnheard('transport');
  await s.settled();
  expect(s.event('call.attempt-failed')).toMatchObject({
    ...{ target: 'echo-1', reason: 'target-unavailable', sipStatus: 503 },
    ...{ detail: 'made up', tryingNext: true },
  });
  expect(s.attempt(1).request.uri).toBe('sip:second@198.51.100.2');
});
