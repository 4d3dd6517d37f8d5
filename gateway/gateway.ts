import { readFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { openDesk } from './desk.ts';
import { openHttp } from './http.ts';
import { createMetrics, tellCloudWatch } from './metrics.ts';
import type { GatewaySettings } from './settings.ts';

export interface Gateway extends AsyncDisposable {
  /** Where edges ask for sessions. */
  readonly url: string;
  readonly sessions: number;
  /** Takes no new sessions, and resolves once none is left or after `ms`. */
  drain(ms: number): Promise<void>;
}

/** The audio of agents, as a part of any process; `main.ts` is a process of its own. */
export async function startGateway(
  settings: GatewaySettings,
  { logger }: { readonly logger: Logger },
): Promise<Gateway> {
  const { http, token, tls, threads, maxSessions, media, logLevel, emf } = settings;
  const certificate = tls && (await certificateIn(tls));
  const desk = await openDesk({ threads, maxSessions, media, logLevel, logger });
  const registry = createMetrics(desk);
  const metrics = async () => ({ text: await registry.metrics(), contentType: registry.contentType });
  const server = await openHttp({ ...http, token, tls: certificate, desk, metrics });
  const telling = tellCloudWatch(registry, emf, logger);
  return {
    url: `${tls ? 'https' : 'http'}://${http.host}:${server.port}`,
    get sessions() {
      return desk.sessions;
    },
    async drain(ms) {
      desk.drain();
      const until = performance.now() + ms;
      while (desk.sessions > 0 && performance.now() < until)
        await new Promise((next) => setTimeout(next, 50));
    },
    async [Symbol.asyncDispose]() {
      await telling[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await desk[Symbol.asyncDispose]();
    },
  };
}

async function certificateIn({ certFile, keyFile }: NonNullable<GatewaySettings['tls']>) {
  const pem = (variable: string, file: string) =>
    readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      throw new Error(`${variable}: ${file} cannot be read (${cause.code})`, { cause });
    });
  const [cert, key] = await Promise.all([
    pem('GATEWAY_TLS_CERT_FILE', certFile),
    pem('GATEWAY_TLS_KEY_FILE', keyFile),
  ]);
  return { cert, key };
}
