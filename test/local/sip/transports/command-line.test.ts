import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
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

test.each([
  [['--contact', 'sip:127.0.0.1;transport=sctp'], "contact 'sip:127.0.0.1;transport=sctp': transport 'sctp'"],
  [['--admin', '9022'], "--admin '9022' must be HOST:PORT"],
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
