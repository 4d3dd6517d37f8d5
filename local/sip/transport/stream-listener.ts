import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { noHandshake, tlsHandshake, webSocketHandshake } from './arrivals.ts';
import { type Departure, departureBy } from './departures.ts';
import type { Door } from './door.ts';
import type { Connection, Failed, Hop, Listener, Outlet, Protocol, Received } from './flow.ts';
import { Link, type LinkEnds } from './link.ts';
import type { StreamLimits } from './stream-limits.ts';
import { StreamLink } from './stream-link.ts';
import type { TlsIdentity } from './tls-identity.ts';
import { WebSocketLink } from './web-socket-link.ts';

/** What all stream contacts share. */
export interface StreamSetting {
  readonly received: Received;
  readonly limits: StreamLimits;
  readonly door: Door;
  /** undefined where no contact needs it */
  readonly identity: TlsIdentity | undefined;
}

/** A way to one peer over a connection. */
export interface StreamOutlet extends Outlet {
  readonly link: Link;
}

/** One TCP, TLS or WebSocket contact: what connects to it, and what we open on its behalf. */
export class StreamListener implements AsyncDisposable {
  readonly listener: Listener;
  readonly #server: Server;
  readonly #setting: StreamSetting;
  readonly #depart: Departure;
  readonly #all = new Set<Link>();
  /** not through their handshakes yet */
  readonly #entering = new Set<Socket>();
  /** connections that can take a request to that peer, the newest of each */
  readonly #byPeer = new Map<string, Link>();

  private constructor(server: Server, listener: Listener, setting: StreamSetting) {
    this.#server = server;
    this.#setting = setting;
    this.listener = listener;
    this.#depart = departureBy(listener.protocol, setting.identity);
    const welcome = this.#welcomeBy(listener.protocol);
    server.on('connection', (socket) => {
      if (setting.door.admit(socket)) welcome(socket);
    });
    server.on('error', () => {});
  }

  static async listen(
    protocol: Protocol,
    host: string,
    port: number,
    advertised: string,
    setting: StreamSetting,
  ): Promise<StreamListener> {
    const server = createServer();
    server.listen({ port, host, ipv6Only: true });
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string')
      throw new Error(`${protocol} ${host}:${port} has no port`);
    return new StreamListener(server, { protocol, host: advertised, port: address.port }, setting);
  }

  get connections(): number {
    return this.#all.size;
  }

  /** Over the hop's own connection while it is open, else over any with that peer, else over a new one (RFC 3261 §18.1.1). */
  outlet(hop: Hop, failed: Failed): StreamOutlet {
    const link = openLink(hop.connection) ?? this.#to(hop.host, hop.port, hop.name ?? hop.host);
    link.waiting.add(failed);
    return {
      reliable: true,
      connection: link,
      link,
      send: (text) => link.send(text),
      release: () => link.waiting.delete(failed),
    };
  }

  /** The way back over the connection a request came on, or over a new one once that is closed (RFC 3261 §18.2.2). */
  replyOutlet(kept: Connection | undefined, host: string, port: number): Outlet {
    const web = this.listener.protocol === 'ws' || this.listener.protocol === 'wss'; // who listens there is no browser
    const link = () => openLink(kept) ?? (web ? undefined : this.#to(host, port, host));
    return { reliable: true, send: (text) => link()?.send(text), release: () => {} };
  }

  #to(host: string, port: number, name: string): Link {
    const key = this.#keyOf(host, port, name);
    const known = this.#byPeer.get(key);
    return known?.open ? known : this.#keep(key, host, port, (ends) => this.#depart(ends, name));
  }

  /** A checked certificate is worth nothing for another name. */
  #keyOf(host: string, port: number, name: string): string {
    return this.#setting.identity ? `${host} ${port} ${name}` : `${host} ${port}`;
  }

  #welcomeBy(protocol: Protocol): (socket: Socket) => void {
    const { identity, door } = this.#setting;
    const secure = identity && (protocol === 'tls' || protocol === 'wss');
    const under = secure ? tlsHandshake(identity) : noHandshake;
    const adopt = (socket: Socket, link: (ends: LinkEnds) => Link) => {
      const { remoteAddress: host = '', remotePort: port = 0 } = socket;
      const key = secure ? undefined : this.#keyOf(host, port, host); // who we are sure of, we have connected to
      this.#keep(key, host, port, link, () => door.spoke(socket));
    };
    if (protocol !== 'ws' && protocol !== 'wss')
      return this.#inTime(under, (socket, stream) =>
        adopt(socket, (ends) => new StreamLink(stream, ends, 'now')),
      );
    return this.#inTime(webSocketHandshake(under), (socket, web) =>
      adopt(socket, (ends) => new WebSocketLink(web, ends)),
    );
  }

  #inTime<Ready>(
    handshake: (socket: Socket, ready: (ready: Ready) => void) => void,
    adopt: (socket: Socket, ready: Ready) => void,
  ): (socket: Socket) => void {
    return (socket) => {
      const late = setTimeout(() => socket.destroy(), this.#setting.limits.handshake).unref();
      this.#entering.add(socket);
      socket.once('close', () => {
        clearTimeout(late);
        this.#entering.delete(socket);
      });
      socket.on('error', () => {});
      handshake(socket, (ready) => {
        clearTimeout(late);
        this.#entering.delete(socket);
        adopt(socket, ready);
      });
    };
  }

  #keep(
    key: string | undefined,
    host: string,
    port: number,
    start: (ends: LinkEnds) => Link,
    spoke: () => void = () => {},
  ): Link {
    const { limits, received } = this.#setting;
    const closed = () => {
      this.#all.delete(link);
      if (key !== undefined && this.#byPeer.get(key) === link) this.#byPeer.delete(key);
    };
    const link: Link = start({ host, port, listener: this.listener, limits, received, closed, spoke });
    this.#all.add(link);
    if (key !== undefined) this.#byPeer.set(key, link);
    return link;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    for (const link of this.#all) link.close();
    for (const socket of this.#entering) socket.destroy();
    await closed;
  }
}

export const openLink = (kept: Connection | undefined): Link | undefined =>
  kept instanceof Link && kept.open ? kept : undefined;
