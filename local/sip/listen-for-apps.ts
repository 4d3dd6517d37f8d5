import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Logger } from 'pino';
import { AppConnection } from './app/app-connection.ts';
import { commandFromApp } from './core/command-from-app.ts';
import type { Engine } from './core/engine.ts';
import { answerFor } from './core/give-request.ts';
import { type TlsSettings, tlsIdentity } from './transport/tls-identity.ts';

/** Where applications connect; port 0 means any free one. */
export interface AdminAddress {
  readonly host: string;
  readonly port: number;
}

export interface AppListener extends AsyncDisposable {
  readonly address: AdminAddress;
}

/** Over TLS where `tls` is given, with a handshake that may take so many ms. Throws when the address cannot be listened on. */
export async function listenForApps(
  engine: Engine,
  { host, port }: AdminAddress,
  secret: string,
  tls?: TlsSettings,
  handshakeTimeout?: number,
): Promise<AppListener> {
  const sockets = new Set<Socket>();
  const server = await newServer(host, tls, handshakeTimeout, (socket) => {
    const command = (from: AppConnection, payload: string) =>
      guarded(engine.log, () => commandFromApp(engine, secret, from, payload));
    engine.apps.add(new AppConnection(socket, command, (gone, why) => forget(engine, gone, why)));
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`admin ${host}:${port} has no port`);
  return {
    address: { host, port: address.port },
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function newServer(
  host: string,
  tls: TlsSettings | undefined,
  handshakeTimeout = 10_000,
  connected: (socket: Socket) => void,
): Promise<Server> {
  if (!tls) return createServer(connected);
  const identity = await tlsIdentity({ ...tls, clients: false }, [host]);
  const server = createTlsServer({ ...identity.server, handshakeTimeout }, connected);
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

/** What comes from outside may find a fault of ours: it costs that message, never the other calls. */
export function guarded(log: Logger, act: () => void): void {
  try {
    act();
  } catch (error) {
    log.error({ err: error }, 'a message could not be handled');
  }
}

/** Its dialogs stay, orphaned, until their peers end them; what it has not answered is answered for it. */
function forget(engine: Engine, app: AppConnection, why: Error | undefined): void {
  engine.log.info({ err: why }, 'an application has disconnected');
  engine.apps.remove(app);
  for (const request of engine.received.values()) {
    if (request.owner === app) answerFor(engine, request, 503, 'Service Unavailable');
  }
}
