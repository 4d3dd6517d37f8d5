import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type connection, server as WebSocketServer } from 'websocket';

/** What an agent hears, in its order. */
interface Heard {
  /** Parsed text frames. */
  readonly said: Record<string, unknown>[];
  readonly binary: Buffer[];
}

export interface AnAgent extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Every socket that was opened, the newest last. */
  readonly sockets: (Heard & { readonly connection: connection; readonly handshake: IncomingMessage })[];
  /** Resolves once what was heard satisfies. */
  until(isEnough: () => boolean): Promise<void>;
}

/** An agent's server, written with another library than the gateway's. `answer` may refuse a handshake. */
export async function anAgent({
  protocol = 'trunkline.pcm.v1',
  refuse,
}: {
  readonly protocol?: string | null;
  readonly refuse?: RequestListener;
} = {}): Promise<AnAgent> {
  const http = createServer(refuse ?? ((_, response) => response.writeHead(404).end()));
  if (refuse)
    http.on('upgrade', (request, socket) => {
      const location = request.url === '/moved' ? 'Location: ws://192.0.2.1/\r\n' : '';
      socket.end(
        `HTTP/1.1 ${request.url === '/moved' ? '302 Found' : '401 Unauthorized'}\r\n${location}Connection: close\r\n\r\n`,
      );
    });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const bound = http.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
  const sockets: AnAgent['sockets'] = [];
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const look of waiting) look();
  };
  const server = refuse ? undefined : new WebSocketServer({ httpServer: http, autoAcceptConnections: false });
  server?.on('request', (request) => {
    const accepted = request.accept(protocol ?? undefined, request.origin);
    const heard = {
      said: [],
      binary: [],
      connection: accepted,
      handshake: request.httpRequest,
    } as AnAgent['sockets'][number];
    sockets.push(heard);
    accepted.on('message', (message) => {
      if (message.type === 'utf8') heard.said.push(JSON.parse(message.utf8Data));
      else heard.binary.push(message.binaryData);
      changed();
    });
    accepted.on('close', changed);
    changed();
  });
  return {
    url: `ws://127.0.0.1:${port}/call`,
    port,
    sockets,
    until: (isEnough) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!isEnough()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      for (const { connection } of sockets) connection.socket.destroy();
      http.closeAllConnections();
      await new Promise((closed) => http.close(closed));
    },
  };
}
