import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Failed, Listener, Outlet, Received } from './flow.ts';
import { UdpFlow } from './udp-flow.ts';
import { exclusiveSocket, sharedSocket } from './udp-socket.ts';

/** Peers with a socket of their own; beyond that a refusal by one goes unnoticed until the transaction times out. */
const mostFlows = 64;

/**
 * One UDP contact. Requests to a peer leave through a second socket on the same address that is connected to that peer,
 * because Linux reports an ICMP refusal only to connected sockets. Replies leave through the main one.
 */
export class UdpListener implements AsyncDisposable {
  readonly listener: Listener;
  readonly #socket: Socket;
  readonly #bound: string;
  readonly #received: Received;
  /** by `host:port` of the peer, least recently used first */
  readonly #flows = new Map<string, UdpFlow>();
  #closed = false;

  private constructor(socket: Socket, bound: string, advertised: string, received: Received) {
    this.#socket = socket;
    this.#bound = bound;
    this.#received = received;
    this.listener = { protocol: 'udp', host: advertised, port: socket.address().port };
    socket.on('message', (data, from) => this.#take(data, from.address, from.port));
    socket.on('error', () => {}); // one unreachable peer must not end the socket for the others
  }

  static async listen(
    host: string,
    port: number,
    advertised: string,
    received: Received,
  ): Promise<UdpListener> {
    if (port !== 0) await assertFree(host, port);
    const socket = sharedSocket(host);
    const listening = once(socket, 'listening');
    socket.bind(port, host);
    await listening;
    return new UdpListener(socket, host, advertised, received);
  }

  /** For requests: reports a refusal by the peer's host. */
  requestOutlet(host: string, port: number, failed: Failed): Outlet {
    const flow = this.#flow(host, port);
    if (!flow) return this.replyOutlet(host, port);
    flow.waiting.add(failed);
    return { reliable: false, send: (text) => flow.send(text), release: () => flow.waiting.delete(failed) };
  }

  /** For responses, which nobody waits for. */
  replyOutlet(host: string, port: number): Outlet {
    return {
      reliable: false,
      send: (text) => {
        if (!this.#closed) this.#socket.send(Buffer.from(text, 'latin1'), port, host, () => {});
      },
      release: () => {},
    };
  }

  #flow(host: string, port: number): UdpFlow | undefined {
    const key = `${host}:${port}`;
    const known = this.#flows.get(key);
    this.#flows.delete(key);
    if (this.#closed || (!known && this.#flows.size >= mostFlows && !this.#closeIdleFlow())) return undefined;
    const flow =
      known ??
      new UdpFlow(this.#bound, this.listener.port, host, port, (data, from, at) =>
        this.#take(data, from, at),
      );
    this.#flows.set(key, flow);
    return flow;
  }

  #closeIdleFlow(): boolean {
    for (const [key, flow] of this.#flows) {
      if (flow.waiting.size > 0) continue;
      flow.close();
      this.#flows.delete(key);
      return true;
    }
    return false;
  }

  #take(data: Buffer, host: string, port: number): void {
    if (data.length <= 4 && /^[\r\n\0]*$/.test(data.toString('latin1'))) return; // RFC 5626 §4.4.1 keep-alive
    this.#received(data.toString('latin1'), { listener: this.listener, host, port, size: data.length });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const flow of this.#flows.values()) flow.close();
    this.#flows.clear();
    await new Promise<void>((done) => this.#socket.close(() => done()));
  }
}

/** Sharing the address among our own sockets would let us share it with a stranger too: look first. */
async function assertFree(host: string, port: number): Promise<void> {
  const probe = exclusiveSocket(host);
  try {
    const listening = once(probe, 'listening');
    probe.bind(port, host);
    await listening;
  } catch (cause) {
    throw new Error(`udp ${host}:${port} cannot be listened on: ${(cause as Error).message}`, { cause });
  } finally {
    probe.close();
  }
}
