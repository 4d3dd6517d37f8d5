import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { answerAboutMedia, type EngineDesk } from './engine-desk.ts';
import type { ExposedMetrics } from './metrics.ts';

export interface HealthOptions {
  readonly host: string;
  readonly port: number;
  /** Every part that a new call needs, and whether it is there. */
  readonly ready: () => Readonly<Record<string, boolean>>;
  readonly metrics: Pick<ExposedMetrics, 'text' | 'contentType'>;
  readonly media: EngineDesk;
  /** Every trunk: its calls, limits, endpoints and registrations. */
  readonly trunks: () => readonly unknown[];
}

export interface HealthServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
}

/** /live: the process runs. /ready: it takes new calls, or which part is missing. /metrics: for Prometheus. /media: each rtpengine. /trunks: each trunk. */
export async function startHealthServer({
  host,
  port,
  ready,
  metrics,
  media,
  trunks,
}: HealthOptions): Promise<HealthServer> {
  const server = createServer({ requestTimeout: 5_000, headersTimeout: 5_000 }, (request, response) => {
    request.resume();
    const path = request.url?.split('?')[0];
    if (path === '/live') return json(response, 200, { live: true });
    if (path === '/ready') {
      const parts = ready();
      const missing = Object.keys(parts).filter((part) => !parts[part]);
      return json(response, missing.length === 0 ? 200 : 503, {
        ready: missing.length === 0,
        missing,
        parts,
      });
    }
    if (path === '/metrics') {
      return void metrics.text().then(
        (text) => response.setHeader('Content-Type', metrics.contentType).end(text),
        (error: unknown) => json(response, 500, { error: String(error) }),
      );
    }
    if (path === '/trunks') return json(response, 200, { trunks: trunks() });
    if (path?.startsWith('/media')) {
      const local = isLoopback(request.socket.remoteAddress);
      const [status, body] = answerAboutMedia(media, { method: request.method ?? '', path, local });
      return json(response, status, body);
    }
    return json(response, 404, { error: 'there are /live, /ready, /metrics, /media and /trunks here' });
  });
  server.maxConnections = 64;
  server.listen(port, host);
  await once(server, 'listening');
  const bound = server.address();
  return {
    host,
    port: bound !== null && typeof bound === 'object' ? bound.port : port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
}

const isLoopback = (address = '') => /^(127\.|::1$|::ffff:127\.)/.test(address);
