import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Connection, Failed, Listener, Outlet, Received } from './flow.ts';
import { TcpConnection } from './tcp-connection.ts';

/** Connections at once; a further one is closed at once. */
const mostConnections = 4_096;

/** One TCP contact: what connects to it, and what we open on its behalf. */
export class TcpListener implements AsyncDisposable {
  readonly listener: Listener;
  readonly #server: Server;
  readonly #received: Received;
  readonly #patience: number;
  readonly #all = new Set<TcpConnection>();
  /** by `host:port` of the peer, the newest */
  readonly #byPeer = new Map<string, TcpConnection>();

  private constructor(
    server: Server,
    port: number,
    advertised: string,
    received: Received,
    patience: number,
  ) {
    this.#server = server;
    this.#received = received;
    this.#patience = patience;
    this.listener = { protocol: 'tcp', host: advertised, port };
    server.maxConnections = mostConnections;
    server.on('connection', (socket) =>
      this.#adopt(socket, socket.remoteAddress ?? '', socket.remotePort ?? 0),
    );
    server.on('error', () => {});
  }

  static async listen(
    host: string,
    port: number,
    advertised: string,
    received: Received,
    patience: number,
  ): Promise<TcpListener> {
    const server = createServer();
    server.listen(port, host.replace(/[[\]]/g, ''));
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error(`tcp ${host}:${port} has no port`);
    return new TcpListener(server, address.port, advertised, received, patience);
  }

  get connections(): number {
    return this.#all.size;
  }

  /** Over `kept` while it is open, else over any connection with that peer, else over a new one (RFC 3261 §18.1.1). */
  outlet(host: string, port: number, kept: Connection | undefined, failed: Failed): Outlet {
    const connection = kept instanceof TcpConnection && kept.open ? kept : this.#to(host, port);
    connection.waiting.add(failed);
    return {
      reliable: true,
      connection,
      send: (text) => connection.send(text),
      release: () => connection.waiting.delete(failed),
    };
  }

  /** The way back over the connection a request came on, or over a new one once that is closed (RFC 3261 §18.2.2). */
  replyOutlet(kept: Connection | undefined, host: string, port: number): Outlet {
    const connection = () => (kept instanceof TcpConnection && kept.open ? kept : this.#to(host, port));
    return { reliable: true, send: (text) => connection().send(text), release: () => {} };
  }

  #to(host: string, port: number): TcpConnection {
    const known = this.#byPeer.get(`${host}:${port}`);
    return known?.open ? known : this.#adopt(connect(port, host), host, port);
  }

  #adopt(socket: Socket, host: string, port: number): TcpConnection {
    const key = `${host}:${port}`;
    const connection: TcpConnection = new TcpConnection(
      socket,
      host,
      port,
      this.listener,
      this.#received,
      this.#patience,
      () => {
        this.#all.delete(connection);
        if (this.#byPeer.get(key) === connection) this.#byPeer.delete(key);
      },
    );
    this.#all.add(connection);
    this.#byPeer.set(key, connection);
    return connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    for (const connection of this.#all) connection.close();
    await closed;
  }
}
