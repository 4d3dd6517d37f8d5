import { fork, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pino from 'pino';
import type { DevEnv } from '../local/dev-env.ts';
import { startEdgeProcess } from '../local/edge-handle.ts';

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

/** One of the two applications that are measured, in a process of its own. */
export interface MeasuredApp extends AsyncDisposable {
  readonly pid: number;
}

export async function startEdgeApp(env: DevEnv): Promise<MeasuredApp> {
  return startEdgeProcess(env.edgeEnvironment, env.cloud.env, pino({ level: 'silent' }));
}

export async function startBareApp(env: DevEnv, target: string): Promise<MeasuredApp> {
  const { admin } = env.sipServer;
  const child = fork(path('./bare-app.ts'), {
    execArgv: ['--import', 'tsx'],
    env: {
      PATH: process.env['PATH'] ?? '',
      DRACHTIO_HOST: admin.host,
      DRACHTIO_PORT: String(admin.port),
      DRACHTIO_SECRET: admin.secret,
      RTPENGINE_NG: `127.0.0.1:${env.rtpengine.ng.port}`,
      BENCH_TARGET: target,
    },
  });
  await once(child, 'message');
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/**
 * Our SIP server in a process of its own, as drachtio-server is one: otherwise its work would stand in line with the local
 * cloud's. A drachtio-server that is given is used instead.
 */
export async function ownSipServer(): Promise<AsyncDisposable> {
  const given = process.env['DRACHTIO_URL'] ?? process.env['DRACHTIO_BIN'];
  if (given) return { [Symbol.asyncDispose]: async () => {} };
  const secret = randomBytes(16).toString('hex');
  const contact = 'sip:127.0.0.1:0;transport=udp,tcp';
  const args = [
    path('../bin/trunkline.mjs'),
    'sip-server',
    '--contact',
    contact,
    '--admin',
    '127.0.0.1:0',
    '--json',
  ];
  const env = { ...process.env, SIP_SERVER_SECRET: secret };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { admin, contacts } = JSON.parse(line.toString('utf8'));
  process.env['DRACHTIO_URL'] = `drachtio://${secret}@${admin.host}:${admin.port}`;
  process.env['DRACHTIO_SIP'] = `${contacts[0].host}:${contacts[0].port}`;
  return {
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
