import { createSocket, type Socket } from 'node:dgram';

/** Only addresses reach the sockets, never names: skipping the resolver saves a turn of the event loop on every datagram. */
const literal = (
  host: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void => callback(null, host, host.includes(':') ? 6 : 4);

const typeOf = (host: string): 'udp4' | 'udp6' => (host.includes(':') ? 'udp6' : 'udp4');

/** A socket that can share its address with our others. */
export const sharedSocket = (host: string): Socket =>
  createSocket({
    type: typeOf(host),
    reuseAddr: true,
    ipv6Only: host.includes(':'),
    lookup: literal as never,
    recvBufferSize: 4 * 1024 * 1024,
  });

export const exclusiveSocket = (host: string): Socket =>
  createSocket({ type: typeOf(host), ipv6Only: host.includes(':'), lookup: literal as never });
