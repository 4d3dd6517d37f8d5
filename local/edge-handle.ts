import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import { startEdge } from '../edge-node/edge.ts';
import { type EdgeEnvironment, readSettings } from '../edge-node/settings.ts';
import { endsWithUs } from './child-process.ts';

/** An edge of the local platform, in this process or in one of its own. */
export interface EdgeHandle extends AsyncDisposable {
  readonly http: { readonly host: string; readonly port: number };
  readonly pid: number;
  /** Resolves once everything said so far is on the bus. */
  settled(): Promise<void>;
  /** Drains and stops it, as SIGTERM does. */
  stop(): Promise<void>;
  /** Ends it as a crash would. Only for an edge in a process of its own. */
  kill9(): Promise<void>;
}

export type StartEdge = (
  environment: EdgeEnvironment,
  aws: Readonly<Record<string, string>>,
  logger: Logger,
) => Promise<EdgeHandle>;

const texts = (environment: EdgeEnvironment) =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));

/** The SDK clients read where AWS is from the environment of the process, which here is ours; who the edge is they are told. */
export const startEdgeHere: StartEdge = async (environment, aws, logger) => {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '', ...place } = aws;
  Object.assign(process.env, place);
  const credentials = { accessKeyId, secretAccessKey };
  const edge = await startEdge(readSettings(texts(environment)), { logger, credentials });
  let stopped = false;
  const dispose = async () => {
    if (stopped) return;
    stopped = true;
    await edge[Symbol.asyncDispose]();
  };
  return {
    http: edge.http,
    pid: process.pid,
    settled: () => edge.settled(),
    async stop() {
      await edge.drain();
      await dispose();
    },
    kill9: () => Promise.reject(new Error('an edge in this process cannot be killed without us')),
    [Symbol.asyncDispose]: dispose,
  };
};

const main = fileURLToPath(new URL('../edge-node/main.ts', import.meta.url));

export const startEdgeProcess: StartEdge = async (environment, aws, logger) => {
  const env = { PATH: process.env['PATH'] ?? '', ...aws, ...texts(environment) };
  const [execPath = process.execPath, ...execArgv] = [...endsWithUs(), process.execPath, '--import', 'tsx'];
  const child = fork(main, { execPath, execArgv, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let said = '';
  const listen = (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-4_000);
    logger.debug({ peer: 'edge' }, chunk.toString('utf8').trimEnd());
  };
  child.stdout?.on('data', listen);
  child.stderr?.on('data', listen);
  const exited = once(child, 'exit');
  const started = await Promise.race([once(child, 'message'), exited.then(() => undefined)]);
  if (!started) throw new Error(`the edge did not start; it said:\n${said}`);
  const [{ http }] = started as [{ http: EdgeHandle['http'] }];
  const end = (signal: NodeJS.Signals) => async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  return {
    http,
    pid: child.pid ?? 0,
    settled: () => outboxEmpty(http, () => child.exitCode === null && child.signalCode === null),
    stop: end('SIGTERM'),
    kill9: end('SIGKILL'),
    [Symbol.asyncDispose]: end('SIGTERM'),
  };
};

/** An edge in another process tells through its metrics. */
async function outboxEmpty(http: EdgeHandle['http'], alive: () => boolean): Promise<void> {
  while (alive()) {
    const metrics = await fetch(`http://${http.host}:${http.port}/metrics`).then((answer) => answer.text());
    if (/^trunkline_calls_ending 0$/m.test(metrics) && /^trunkline_outbox_events 0$/m.test(metrics)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
