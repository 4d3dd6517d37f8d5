import { type ChildProcess, fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../local/free-ports.ts';

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** A SIP server in a process of its own, and the application behind it in another. */
export interface MeasuredServer extends AsyncDisposable {
  readonly name: 'ours' | 'drachtio-server';
  readonly pid: number;
  readonly sip: { readonly host: string; readonly port: number };
}

interface Started {
  readonly child: ChildProcess;
  readonly admin: number;
  readonly sip: number;
  readonly folder?: string;
}

/** `program`: a drachtio-server to measure instead of ours. `profile`: a folder for node's CPU profile of ours. */
export async function startMeasured(
  target: string,
  { program, profile }: { program?: string | undefined; profile?: string | undefined },
): Promise<MeasuredServer> {
  const secret = randomBytes(16).toString('hex');
  const server = program ? await drachtio(program, secret) : await ours(secret, profile);
  const app = fork(path('./b2bua-app.ts'), {
    execArgv: ['--import', 'tsx'],
    env: {
      PATH: process.env['PATH'] ?? '',
      DRACHTIO_HOST: '127.0.0.1',
      DRACHTIO_PORT: String(server.admin),
      DRACHTIO_SECRET: secret,
      BENCH_TARGET: target,
    },
  });
  await once(app, 'message');
  return {
    name: program ? 'drachtio-server' : 'ours',
    pid: server.child.pid ?? 0,
    sip: { host: '127.0.0.1', port: server.sip },
    async [Symbol.asyncDispose]() {
      await ended(app);
      await ended(server.child);
      if (server.folder) await rm(server.folder, { recursive: true, force: true });
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await exited;
  clearTimeout(late);
}

async function ours(secret: string, profile: string | undefined): Promise<Started> {
  const args = [...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : []), '--import', 'tsx'];
  const server = [path('./server-process.ts'), 'sip:127.0.0.1:0;transport=udp,tcp'];
  const child = spawn(process.execPath, [...args, ...server], {
    env: { ...process.env, SIP_SERVER_SECRET: secret },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { admin, sip } = JSON.parse(line.toString('utf8')) as { admin: number; sip: number };
  return { child, admin, sip };
}

async function drachtio(program: string, secret: string): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-bench-'));
  const [admin, sip] = [await freePort(), await freePort()];
  const config = join(folder, 'drachtio.conf.xml');
  await writeFile(
    config,
    `<drachtio><admin port="${admin}" secret="${secret}">127.0.0.1</admin>
    <sip><contacts><contact>sip:127.0.0.1:${sip};transport=udp,tcp</contact></contacts></sip>
    <logging><console/><sofia-loglevel>1</sofia-loglevel><loglevel>error</loglevel></logging></drachtio>`,
    { mode: 0o600 },
  );
  const child = spawn(program, ['-f', config], { stdio: 'ignore' });
  while (child.exitCode === null && !(await opens(admin)))
    await new Promise((later) => setTimeout(later, 50));
  return { child, admin, sip, folder };
}

function opens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
