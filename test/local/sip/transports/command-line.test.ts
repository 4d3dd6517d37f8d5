import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { generate } from 'selfsigned';
import { expect, test } from 'vitest';
import { dnsStandIn, a as onLoopback } from '../dns-stand-in.ts';
import { connectApp, type SrfDialog } from '../srf-app.ts';
import { callThrough, takeCalls } from './call-taken.ts';

const shim = fileURLToPath(new URL('../../../../bin/trunkline.mjs', import.meta.url));

interface Addresses {
  readonly admin: { readonly host: string; readonly port: number };
  readonly adminTls: { readonly host: string; readonly port: number };
  readonly contacts: readonly { readonly transport: string; readonly port: number }[];
}

function sipServer(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [shim, 'sip-server', '--secret', 'X', ...args]);
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  await gone;
}

test('run alone, it takes calls of every transport for applications on either admin port', async () => {
  const contacts = ['udp,tcp', 'tls', 'ws', 'wss'].map((one) => `sip:127.0.0.1:0;transport=${one}`);
  const admin = ['--admin', '127.0.0.1:0', '--admin-tls', '127.0.0.1:0', '--json'];
  const child = sipServer(...admin, ...contacts.flatMap((one) => ['--contact', one]));
  try {
    if (!child.stdout) throw new Error('no output');
    const [line] = await once(createInterface(child.stdout), 'line');
    const told = JSON.parse(line as string) as Addresses;
    const portOf = (transport: string) => told.contacts.find((one) => one.transport === transport)?.port ?? 0;
    const server = { portOf, sipPort: portOf('udp'), admin: told.admin, secret: 'X' };
    const calls = new Map<string, Promise<SrfDialog>>();
    await using _plain = await connectApp(server, (srf) => takeCalls(srf, calls));
    const encrypted = { port: told.adminTls.port, tls: { rejectUnauthorized: false } };
    await using secured = await connectApp(server, (srf) => takeCalls(srf, calls), undefined, encrypted);
    expect(secured.hostports).toContain(`tls/127.0.0.1:${portOf('tls')}`);
    // calls are shared out in turn: each application has one of every transport
    for (const protocol of ['UDP', 'TCP', 'TLS', 'WS', 'WSS'] as const) {
      await callThrough(protocol, server, calls);
      await callThrough(protocol, server, calls);
    }
  } finally {
    await ended(child);
  }
});

test('with files and DNS servers given, it shows that certificate, asks those servers and wants certificates', async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'anna.test' }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'anna.test' }] }],
  });
  await using names = await dnsStandIn(onLoopback('anna.test'));
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-pem-'));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key, { mode: 0o600 });
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-file', certFile];
  const child = sipServer(
    ...['--admin', '127.0.0.1:0', '--contact', 'sips:127.0.0.1:0;transport=tls', '--json'],
    ...[...files, '--tls-require-client-cert', '--dns', names.address],
  );
  try {
    if (!child.stdout) throw new Error('no output');
    const [line] = await once(createInterface(child.stdout), 'line');
    const { admin, contacts } = JSON.parse(line as string) as Addresses;
    const { port = 0 } = contacts[0] ?? {};
    const trusting = { host: '127.0.0.1', port, ca: cert, servername: 'anna.test' };
    const known = connectTls({ ...trusting, cert, key });
    await once(known, 'secureConnect');
    expect(known.authorized).toBe(true);
    known.destroy();
    const unknown = connectTls({ ...trusting, maxVersion: 'TLSv1.2' }); // 1.3 tells it only afterwards
    await expect(once(unknown, 'secureConnect')).rejects.toThrow();

    await using app = await connectApp({ admin, secret: 'X' });
    const calling = app.srf.createUAC('sip:bob@anna.test:9;transport=tls', { localSdp: 'v=0' });
    await expect(calling).rejects.toMatchObject({ status: 503 });
    expect(names.asked).toContain('A anna.test');
  } finally {
    await ended(child);
    await rm(folder, { recursive: true });
  }
});

test.each([
  [['--contact', 'sip:127.0.0.1;transport=sctp'], "contact 'sip:127.0.0.1;transport=sctp': transport 'sctp'"],
  [['--admin', '9022'], "--admin '9022' must be HOST:PORT"],
  [['--dns', 'localhost:53'], "--dns 'localhost:53' must be an address"],
  [['--tls-require-client-cert'], '--tls-require-client-cert needs --tls-ca-file'],
  [['--tls-cert-file', '/no/such.pem'], "--tls-cert-file '/no/such.pem' cannot be read"],
])('what is wrong with %j is told without a stack trace', async (args, told) => {
  const child = sipServer(...args);
  let errors = '';
  child.stderr?.on('data', (data) => {
    errors += data;
  });
  const [code] = await once(child, 'exit');
  expect(code).toBe(2);
  expect(errors).toContain(told);
  expect(errors).not.toContain('    at ');
});
