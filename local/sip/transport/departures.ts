import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';
import type { Protocol } from './flow.ts';
import type { Link, LinkEnds } from './link.ts';
import { largestMessage } from './stream-limits.ts';
import { StreamLink } from './stream-link.ts';
import type { TlsIdentity } from './tls-identity.ts';
import { WebSocketLink } from './web-socket-link.ts';

/** Connect to the peer of these ends; `name` is what its certificate has to be valid for. */
export type Departure = (ends: LinkEnds, name: string) => Link;

export function departureBy(protocol: Protocol, identity: TlsIdentity | undefined): Departure {
  const secrets = (name: string) => ({
    ...identity?.client,
    ...(isIP(name) === 0 ? { servername: name } : {}),
  });
  if (protocol === 'ws' || protocol === 'wss')
    return (ends, name) => webSocket(protocol, ends, protocol === 'wss' ? secrets(name) : {});
  if (protocol === 'tls')
    return (ends, name) => {
      const { host, port } = ends;
      return new StreamLink(connectTls({ host, port, ...secrets(name) }), ends, 'secureConnect');
    };
  return (ends) => new StreamLink(connect(ends.port, ends.host), ends, 'connect');
}

function webSocket(scheme: 'ws' | 'wss', ends: LinkEnds, secrets: object): Link {
  const host = isIP(ends.host) === 6 ? `[${ends.host}]` : ends.host;
  const socket = new WebSocket(`${scheme}://${host}:${ends.port}`, 'sip', {
    ...secrets,
    handshakeTimeout: ends.limits.handshake,
    maxPayload: largestMessage,
    perMessageDeflate: false,
  });
  return new WebSocketLink(socket, ends);
}
