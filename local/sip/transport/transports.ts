import type { SipMessage } from '../message/sip-message.ts';
import { type ContactOption, parseContact, reachableHost } from './contact.ts';
import { Door } from './door.ts';
import type { Arrival, Failed, Hop, Listener, Outlet, Protocol, Received } from './flow.ts';
import { MovedBranches, SizedOutlet, withViaOf } from './sized-outlet.ts';
import { type StreamLimits, streamLimits } from './stream-limits.ts';
import { openLink, StreamListener, type StreamSetting } from './stream-listener.ts';
import { type TlsIdentity, type TlsSettings, tlsIdentity } from './tls-identity.ts';
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

export interface TransportOptions {
  readonly contacts: readonly string[];
  readonly tls?: TlsSettings | undefined;
  readonly limits?: Partial<StreamLimits> | undefined;
  /** ms a message on a stream may take to arrive whole, where the limits do not say */
  readonly patience: number;
}

const secure: ReadonlySet<Protocol> = new Set(['tls', 'wss']);

export async function startTransports(options: TransportOptions, received: Received): Promise<Transports> {
  const contacts = options.contacts.map(parseContact);
  if (contacts.length === 0) throw new Error('a SIP server needs at least one contact');
  const limits = streamLimits(options.limits ?? {}, options.patience);
  const identity = await identityOf(contacts, options.tls ?? {});
  const setting: StreamSetting = { received, limits, door: new Door(limits), identity };
  const started: (UdpListener | StreamListener)[] = [];
  try {
    for (const contact of contacts) started.push(...(await listenOn(contact, setting)));
  } catch (cause) {
    await Promise.all(started.map((one) => one[Symbol.asyncDispose]()));
    throw cause;
  }
  return new Sockets(started);
}

async function identityOf(
  contacts: readonly ContactOption[],
  settings: TlsSettings,
): Promise<TlsIdentity | undefined> {
  const needed = contacts.some(({ protocols }) => protocols.some((one) => secure.has(one)));
  return needed
    ? tlsIdentity(
        settings,
        contacts.map(({ host }) => reachableHost(host)),
      )
    : undefined;
}

/** Any free port means the same one for both protocols, so UDP and TCP are tried together until one is free for both. */
async function listenOn(
  option: ContactOption,
  setting: StreamSetting,
): Promise<(UdpListener | StreamListener)[]> {
  const { host, port, protocols } = option;
  const advertised = reachableHost(host);
  const streamed = protocols.find((one) => one !== 'udp');
  for (let left = port === 0 ? 20 : 1; ; left--) {
    let stream: StreamListener | undefined;
    try {
      if (streamed) stream = await StreamListener.listen(streamed, host, port, advertised, setting);
      const same = stream?.listener.port ?? port;
      const udp = protocols.includes('udp')
        ? await UdpListener.listen(host, same, advertised, setting.received)
        : undefined;
      return [udp, stream].filter((one) => one !== undefined);
    } catch (cause) {
      await stream?.[Symbol.asyncDispose]();
      if (left <= 1)
        throw new Error(
          `contact ${advertised}:${port} cannot be listened on: ${(cause as Error).message}; take another address or port, or end who has it`,
          { cause },
        );
    }
  }
}

class Sockets implements Transports {
  readonly #sockets: readonly (UdpListener | StreamListener)[];
  readonly #moved = new MovedBranches();

  constructor(sockets: readonly (UdpListener | StreamListener)[]) {
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
    const bare = { ...hop, host: hop.host.replace(/[[\]]/g, '') };
    if (socket instanceof StreamListener) return socket.outlet(bare, failed);
    const link = openLink(hop.connection);
    const twin = this.#twinOf(link?.listener ?? from);
    if (link && twin) return by(twin.outlet(bare, failed), link.listener.protocol);
    const udp = socket.requestOutlet(bare.host, bare.port, failed);
    return twin ? new SizedOutlet(udp, (refused) => twin.outlet(bare, refused), this.#moved, failed) : udp;
  }

  replyOutlet(request: SipMessage, arrival: Arrival): Outlet {
    const socket = this.#socket(arrival.listener);
    const via = request.via;
    if (socket instanceof StreamListener)
      return socket.replyOutlet(arrival.connection, arrival.host, via?.port ?? 5060);
    return socket.replyOutlet(arrival.host, via?.rport === undefined ? (via?.port ?? 5060) : arrival.port);
  }

  connections(): number {
    return this.#sockets.reduce(
      (sum, socket) => sum + (socket instanceof StreamListener ? socket.connections : 0),
      0,
    );
  }

  /** The TCP side of a UDP contact, which has the same address. */
  #twinOf({ host, port }: Listener): StreamListener | undefined {
    return this.#sockets.find(
      (one): one is StreamListener =>
        one instanceof StreamListener &&
        one.listener.protocol === 'tcp' &&
        one.listener.host === host &&
        one.listener.port === port,
    );
  }

  #socket(listener: Listener): UdpListener | StreamListener {
    const socket = this.#sockets.find((one) => one.listener === listener);
    if (!socket)
      throw new Error(`no socket listens on ${listener.protocol} ${listener.host}:${listener.port}`);
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket[Symbol.asyncDispose]()));
  }
}

/** A dialog that was begun by UDP goes on over the connection its peer has answered on. */
const by = (outlet: Outlet, protocol: Protocol): Outlet => ({
  ...outlet,
  send: (text) => outlet.send(withViaOf(text, protocol)),
});
