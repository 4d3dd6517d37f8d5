import type { SipMessage } from '../message/sip-message.ts';
import { type ContactOption, parseContact, reachableHost } from './contact.ts';
import type { Arrival, Failed, Hop, Listener, Outlet, Protocol, Received } from './flow.ts';
import { TcpListener } from './tcp-listener.ts';
import { UdpListener } from './udp-listener.ts';

/** All sockets of the SIP side. */
export interface Transports extends AsyncDisposable {
  readonly listeners: readonly Listener[];
  listenerFor(protocol: Protocol): Listener | undefined;
  /** A way to send a request to a hop; the listener says from which of our addresses. */
  requestOutlet(hop: Hop, from: Listener, failed: Failed): Outlet;
  /** The way back to where a request came from (RFC 3261 §18.2.2, RFC 3581 §4). */
  replyOutlet(request: SipMessage, arrival: Arrival): Outlet;
  connections(): number;
}

/** `patience`: ms a message on a stream may take to arrive whole. */
export async function startTransports(
  contacts: readonly string[],
  patience: number,
  received: Received,
): Promise<Transports> {
  const options = contacts.map(parseContact);
  if (options.length === 0) throw new Error('a SIP server needs at least one contact');
  const started: (UdpListener | TcpListener)[] = [];
  try {
    for (const option of options) started.push(...(await listenOn(option, patience, received)));
  } catch (cause) {
    await Promise.all(started.map((one) => one[Symbol.asyncDispose]()));
    throw cause;
  }
  return new Sockets(started);
}

/** Any free port means the same one for both protocols, so UDP and TCP are tried together until one is free for both. */
async function listenOn(
  option: ContactOption,
  patience: number,
  received: Received,
): Promise<(UdpListener | TcpListener)[]> {
  const advertised = reachableHost(option.host);
  for (let left = option.port === 0 ? 20 : 1; ; left--) {
    let tcp: TcpListener | undefined;
    try {
      if (option.protocols.includes('tcp'))
        tcp = await TcpListener.listen(option.host, option.port, advertised, received, patience);
      const port = tcp?.listener.port ?? option.port;
      const udp = option.protocols.includes('udp')
        ? await UdpListener.listen(option.host, port, advertised, received)
        : undefined;
      return [udp, tcp].filter((one) => one !== undefined);
    } catch (cause) {
      await tcp?.[Symbol.asyncDispose]();
      if (left <= 1)
        throw new Error(
          `contact ${option.host}:${option.port} cannot be listened on: ${(cause as Error).message}`,
          { cause },
        );
    }
  }
}

class Sockets implements Transports {
  readonly #sockets: readonly (UdpListener | TcpListener)[];

  constructor(sockets: readonly (UdpListener | TcpListener)[]) {
    this.#sockets = sockets;
  }

  get listeners(): readonly Listener[] {
    return this.#sockets.map((socket) => socket.listener);
  }

  listenerFor(protocol: Protocol): Listener | undefined {
    return this.#sockets.find((socket) => socket.listener.protocol === protocol)?.listener;
  }

  requestOutlet(hop: Hop, from: Listener, failed: Failed): Outlet {
    const socket = this.#socket(from);
    const host = hop.host.replace(/[[\]]/g, '');
    return socket instanceof UdpListener
      ? socket.requestOutlet(host, hop.port, failed)
      : socket.outlet(host, hop.port, hop.connection, failed);
  }

  replyOutlet(request: SipMessage, arrival: Arrival): Outlet {
    const socket = this.#socket(arrival.listener);
    const via = request.via;
    if (socket instanceof TcpListener)
      return socket.replyOutlet(arrival.connection, arrival.host, via?.port ?? 5060);
    return socket.replyOutlet(arrival.host, via?.rport === undefined ? (via?.port ?? 5060) : arrival.port);
  }

  connections(): number {
    return this.#sockets.reduce(
      (sum, socket) => sum + (socket instanceof TcpListener ? socket.connections : 0),
      0,
    );
  }

  #socket(listener: Listener): UdpListener | TcpListener {
    const socket = this.#sockets.find((one) => one.listener === listener);
    if (!socket)
      throw new Error(`no socket listens on ${listener.protocol} ${listener.host}:${listener.port}`);
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket[Symbol.asyncDispose]()));
  }
}
