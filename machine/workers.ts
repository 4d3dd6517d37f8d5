import { once } from 'node:events';
import { access, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ports } from '../contracts/fleet-ports.ts';
import type { Worker } from './ports.ts';

const ANSWER_MS = 2_000;

const ask = (url: string) => fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
const isWell = (url: string) =>
  ask(url).then(
    ({ ok }) => ok,
    () => false,
  );

/** An edge or a gateway: it is stopped by systemd, which a file asks for and a file tells of; SIGTERM drains it. */
export const serviceWorker = (folder: string, http: string): Worker => ({
  ready: () => isWell(`${http}/ready`),
  drain: () => writeFile(join(folder, 'drain'), ''),
  idle: () =>
    access(join(folder, 'drained')).then(
      () => true,
      () => false,
    ),
});

interface EnginePorts {
  readonly http: number;
  readonly control: number;
}

/** An rtpengine: at no sessions allowed it refuses offers, and its edge moves on to the next one. */
export const engineWorker = (
  { http, control }: EnginePorts = { http: ports.engineHttp, control: ports.engineControl },
): Worker => ({
  ready: () => isWell(`http://127.0.0.1:${http}/ping`),
  async drain() {
    const socket = connect({ host: '127.0.0.1', port: control });
    socket.setTimeout(ANSWER_MS, () =>
      socket.destroy(new Error('the control port of rtpengine says nothing')),
    );
    socket.end('set maxsessions 0\n');
    socket.resume();
    await once(socket, 'close');
  },
  async idle() {
    try {
      const text = await (await ask(`http://127.0.0.1:${http}/metrics`)).text();
      return hasNoSessions(text);
    } catch (error) {
      // One that is gone carries no calls; one that is slow may carry many.
      return error instanceof Error && isRefused(error.cause);
    }
  },
});

/** One line for its own sessions, and one for those of others that it knows of: none of them may count any. */
function hasNoSessions(metrics: string): boolean {
  const counts = [...metrics.matchAll(/^rtpengine_sessions(?:\{[^}]*\})? (\d+)$/gm)].map(
    ([, count]) => count,
  );
  return counts.length > 0 && counts.every((count) => count === '0');
}

const isRefused = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
