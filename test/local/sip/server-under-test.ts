import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { onTestFinished } from 'vitest';
import { type SipServerOptions, type SipServerStats, startSipServer } from '../../../local/sip/sip-server.ts';
import { type SipTimers, sipTimers } from '../../../local/sip/transaction/timers.ts';
import { RawApp } from './raw-app.ts';

/** The stories run on a real drachtio-server when this names its program. */
const drachtio = process.env['DRACHTIO_BIN'];
export const onDrachtio = drachtio !== undefined;

/** Short enough that a test may wait for the longest, long enough that a busy machine does not fire them early. */
export const quick = { t1: 100, t2: 400, t4: 500, t1x64: 1_500 };

export interface ServerUnderTest extends AsyncDisposable {
  readonly sipPort: number;
  /** of the first contact with this transport */
  portOf(transport: string): number;
  readonly admin: { readonly host: string; readonly port: number };
  /** where `adminTls` asked for it */
  readonly adminTlsPort?: number | undefined;
  readonly secret: string;
  /** undefined on a real drachtio-server */
  readonly stats: (() => SipServerStats) | undefined;
}

const secret = 'lab-sécret';
const contact = 'sip:127.0.0.1:0;transport=udp,tcp';

export async function serverUnderTest(
  timers: Partial<typeof quick> = {},
  contacts: readonly string[] = [contact],
): Promise<ServerUnderTest> {
  return drachtio === undefined ? embedded(timers, { contacts }) : real(drachtio, timers, contacts);
}

/** Our own server, whatever else is given: for what drachtio-server does otherwise, or cannot be made to do. */
export async function embedded(
  timers: Partial<SipTimers> = {},
  options: Partial<SipServerOptions> = {},
): Promise<ServerUnderTest> {
  const server = await startSipServer({
    admin: { host: '127.0.0.1', port: 0, secret },
    contacts: [contact],
    timers,
    ...options,
  });
  return {
    sipPort: server.contacts[0]?.port ?? 0,
    portOf: (transport) => server.contacts.find((one) => one.transport === transport)?.port ?? 0,
    admin: server.admin,
    adminTlsPort: server.adminTls?.port,
    secret,
    stats: () => server.stats(),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function real(
  program: string,
  timers: Partial<typeof quick>,
  contacts: readonly string[],
): Promise<ServerUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'drachtio-'));
  const port = await freePort();
  const config = join(folder, 'drachtio.conf.xml');
  await writeTlsFiles(folder);
  await writeFile(config, configuration(port, timers, contacts, folder));
  const child = spawn(program, ['-f', config], { stdio: 'ignore' });
  const kill = () => child.kill('SIGKILL');
  onTestFinished(() => void kill()); // a test that times out never disposes of it
  const admin = { host: '127.0.0.1', port };
  const hostports = await reach(admin, child, transportsOf(contacts));
  const portOf = (transport: string) => portIn(hostports, transport);
  return {
    sipPort: portOf('udp'),
    portOf,
    admin,
    secret,
    stats: undefined,
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit');
      kill();
      await gone;
      await rm(folder, { recursive: true });
    },
  };
}

async function writeTlsFiles(folder: string): Promise<void> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
  });
  await writeFile(join(folder, 'cert.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key);
}

function configuration(
  port: number,
  timers: Partial<typeof quick>,
  contacts: readonly string[],
  folder: string,
): string {
  const { t1, t2, t4, t1x64 } = sipTimers(timers);
  return `<drachtio><admin port="${port}" secret="${secret}">127.0.0.1</admin>
    <sip><contacts>${contacts.map((one) => `<contact>${one}</contact>`).join('')}</contacts>
    <tls><key-file>${folder}/key.pem</key-file><cert-file>${folder}/cert.pem</cert-file><chain-file>${folder}/cert.pem</chain-file></tls>
    <timers><t1>${t1}</t1><t2>${t2}</t2><t4>${t4}</t4><t1x64>${t1x64}</t1x64></timers></sip>
    <cdrs>true</cdrs><logging><console/><sofia-loglevel>1</sofia-loglevel><loglevel>error</loglevel></logging></drachtio>`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((done) => server.close(done));
  return address !== null && typeof address === 'object' ? address.port : 0;
}

const portIn = (hostports: string, transport: string) =>
  Number(new RegExp(`\\b${transport}/[^,|]*:(\\d+)`).exec(hostports)?.[1] ?? 0);

const transportsOf = (contacts: readonly string[]) =>
  contacts.flatMap((one) => /transport=([a-z,]+)/.exec(one)?.[1]?.split(',') ?? ['udp', 'tcp']);

/** Knock until it opens; the answer to `authenticate` names the SIP ports, which it takes one after the other. */
async function reach(
  admin: { host: string; port: number },
  child: ChildProcess,
  transports: readonly string[],
): Promise<string> {
  while (child.exitCode === null) {
    const app = await RawApp.connect(admin).catch(() => undefined);
    if (!app) {
      await new Promise((later) => setTimeout(later, 50));
      continue;
    }
    const answer = await app.ask(`authenticate|${secret}|`);
    app.close();
    if (transports.every((one) => portIn(answer, one) > 0)) return answer;
  }
  throw new Error('drachtio-server did not start');
}
