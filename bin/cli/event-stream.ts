import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { BusEvent } from '../../local/cloud/local-cloud.ts';

export interface EventStream extends AsyncDisposable {
  readonly url: string;
  publish(event: BusEvent): void;
}

/** Events for whoever listens on loopback, one JSON a line. A listener that does not keep up is let go. */
export async function openEventStream(): Promise<EventStream> {
  const listeners = new Set<ServerResponse>();
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    response.flushHeaders();
    listeners.add(response);
    response.once('close', () => listeners.delete(response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/events`,
    publish(event) {
      const line = `${JSON.stringify(event)}\n`;
      for (const listener of listeners) {
        if (listener.writableLength > 1_000_000) listener.destroy();
        else listener.write(line);
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
