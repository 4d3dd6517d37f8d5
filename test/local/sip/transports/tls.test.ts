import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import type { SipServerOptions } from '../../../../local/sip/sip-server.ts';
import { dnsStandIn, a as onLoopback } from '../dns-stand-in.ts';
import { embedded } from '../server-under-test.ts';
import { sdp } from '../sip-peer.ts';
import { connectApp, type SrfDialog } from '../srf-app.ts';
import { callThrough, takeCalls } from './call-taken.ts';

/* What a handshake settles before the first message. A drachtio-server settles it by its own configuration. */

const certified = (name: string) =>
  generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
  });
const [anna, mallory] = [await certified('anna.test'), await certified('mallory.test')];

async function taking(options: Partial<SipServerOptions>) {
  const server = await embedded(
    {},
    {
      contacts: [
        'sip:127.0.0.1:0;transport=udp,tcp',
        'sips:127.0.0.1:0;transport=tls',
        'sips:127.0.0.1:0;transport=wss',
      ],
      ...options,
    },
  );
  const calls = new Map<string, Promise<SrfDialog>>();
  const app = await connectApp(server, (srf) => takeCalls(srf, calls));
  return {
    server,
    call: (by: 'TCP' | 'TLS' | 'WSS') => callThrough(by, server, calls),
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/**
 * Whether the handshake ends well. TLS 1.3 tells of a refusal only after the client believes that all is well, so the
 * server has to have answered something.
 */
function handshake(port: number, options: object): Promise<'secure' | 'refused'> {
  const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  socket.on('error', () => {});
  socket.once('secureConnect', () => socket.write('\r\n\r\n'));
  return new Promise((resolve) => {
    socket.once('close', () => resolve('refused'));
    socket.once('data', () => {
      resolve('secure');
      socket.destroy();
    });
  });
}

test('TLS before 1.2 is refused (RFC 8996)', async () => {
  await using under = await taking({});
  const port = under.server.portOf('tls');
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  expect(await handshake(port, old)).toBe('refused');
  expect(await handshake(port, { maxVersion: 'TLSv1.2' })).toBe('secure');
  expect(await handshake(port, { minVersion: 'TLSv1.3' })).toBe('secure');
});

test('where client certificates are required, only peers with one that is vouched for are heard', async () => {
  await using under = await taking({ tls: { ca: anna.cert, clients: true } });
  const port = under.server.portOf('tls');
  expect(await handshake(port, { cert: anna.cert, key: anna.private })).toBe('secure');
  expect(await handshake(port, { cert: mallory.cert, key: mallory.private })).toBe('refused');
  expect(await handshake(port, {})).toBe('refused');
  await expect(under.call('WSS')).rejects.toThrow();
  await under.call('TCP');
});

test('client certificates cannot be required without an authority that vouches for them', async () => {
  await expect(taking({ tls: { clients: true } })).rejects.toThrow(/authorities that vouch for them/);
});

test('a TLS peer is told the name that it is called by, and shown our certificate when it asks', async () => {
  await using names = await dnsStandIn(onLoopback('anna.test'));
  const told: (string | false | null)[] = [];
  const shown: string[] = [];
  const callee = createTlsServer(
    { cert: anna.cert, key: anna.private, ca: mallory.cert, requestCert: true },
    (socket: TLSSocket) => {
      told.push(socket.servername);
      shown.push(String(socket.getPeerCertificate().subject.CN));
      socket.once('data', () => socket.destroy());
    },
  ).listen(0, '127.0.0.1');
  await once(callee, 'listening');
  const { port } = callee.address() as { port: number };
  await using under = await taking({
    tls: { ca: anna.cert, cert: mallory.cert, key: mallory.private },
    dns: [names.address],
  });
  await using app = await connectApp(under.server);
  const uri = `sip:bob@anna.test:${port};transport=tls`;
  await expect(app.srf.createUAC(uri, { localSdp: sdp() })).rejects.toThrow();
  expect([told[0], shown[0]]).toEqual(['anna.test', 'mallory.test']);
  callee.close();
});

for (const scheme of ['ws', 'wss'] as const)
  test(`a server that takes SIP over ${scheme} is called over a connection of ours`, async () => {
    await using names = await dnsStandIn(onLoopback('anna.test'));
    const http = scheme === 'wss' ? createHttps({ cert: anna.cert, key: anna.private }) : createHttp();
    const callee = new WebSocketServer({ server: http, handleProtocols: (offered) => [...offered].join() });
    const heard = once(callee, 'connection').then(async ([socket]) => [
      (socket as WebSocket).protocol,
      String((await once(socket as WebSocket, 'message'))[0]),
    ]);
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const { port } = http.address() as { port: number };
    await using server = await embedded(
      {},
      {
        contacts: [`sip:127.0.0.1:0;transport=${scheme}`],
        tls: { ca: anna.cert },
        dns: [names.address],
      },
    );
    await using app = await connectApp(server);
    const uri = `sip:bob@anna.test:${port};transport=${scheme}`;
    const calling = app.srf.createUAC(uri, { localSdp: sdp() });
    const [protocol, invite] = await heard;
    expect(protocol).toBe('sip');
    expect(invite).toMatch(new RegExp(`^INVITE sip:bob@anna.test[^]*Via: SIP/2.0/${scheme.toUpperCase()} `));
    for (const socket of callee.clients) socket.terminate();
    await expect(calling).rejects.toMatchObject({ status: 503 });
    callee.close();
    http.close();
  });

test('an application that does not end its TLS handshake is given up, and calls go on', async () => {
  await using under = await taking({ adminTls: { host: '127.0.0.1', port: 0 }, limits: { handshake: 300 } });
  const halfOpen: Socket = connect(under.server.adminTlsPort ?? 0, '127.0.0.1');
  halfOpen.on('error', () => {});
  halfOpen.resume();
  const closed = new Promise<void>((resolve) => void halfOpen.once('close', () => resolve()));
  await Promise.all([closed, under.call('TCP')]);
});
