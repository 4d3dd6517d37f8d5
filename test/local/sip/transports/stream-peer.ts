import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { WebSocket } from 'ws';
import { type PeerProtocol, SipPeer } from '../sip-peer.ts';

const lower = { TCP: 'tcp', TLS: 'tls', WS: 'ws', WSS: 'wss', UDP: 'udp' } as const;

/** A peer on a connection it opened itself, by which it hears as well. The server's certificate is not checked. */
export async function peerOver(
  protocol: PeerProtocol,
  server: { portOf(transport: string): number; sipPort: number },
  host = '127.0.0.1',
): Promise<SipPeer> {
  const port = server.portOf(lower[protocol]);
  if (protocol === 'UDP') return SipPeer.udp(port);
  if (protocol === 'WS' || protocol === 'WSS') return webPeer(protocol, port, host);
  const socket =
    protocol === 'TLS' ? connectTls({ host, port, rejectUnauthorized: false }) : connect(port, host);
  await once(socket, protocol === 'TLS' ? 'secureConnect' : 'connect');
  return peerOn(protocol, socket, socket.localPort ?? 0, async () => void socket.destroy());
}

async function webPeer(protocol: 'WS' | 'WSS', port: number, host: string): Promise<SipPeer> {
  const url = `${protocol.toLowerCase()}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const socket = new WebSocket(url, 'sip', { rejectUnauthorized: false });
  await once(socket, 'open');
  const { peer, take } = SipPeer.over(
    protocol,
    port,
    (text) => socket.send(text),
    async () => socket.terminate(),
  );
  socket.on('error', () => {});
  socket.on('message', (data) => take(data.toString()));
  return peer;
}

function peerOn(protocol: PeerProtocol, socket: Socket, port: number, close: () => Promise<void>): SipPeer {
  const { peer, take } = SipPeer.over(protocol, port, (text) => socket.write(text), close);
  readMessages(socket, take);
  return peer;
}

function readMessages(socket: Socket, take: (text: string) => void): void {
  let held = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (data) => {
    held = Buffer.concat([held, data]);
    for (;;) {
      while (held[0] === 0x0d || held[0] === 0x0a) held = held.subarray(1);
      const end = held.indexOf('\r\n\r\n');
      const length = Number(/content-length:\s*(\d+)/i.exec(held.toString('latin1'))?.[1] ?? 0);
      if (end < 0 || held.length < end + 4 + length) return;
      take(held.toString('utf8', 0, end + 4 + length));
      held = held.subarray(end + 4 + length);
    }
  });
}

/** A peer that waits to be connected to; `cert` for TLS. */
export async function waitingPeer(
  cert?: { readonly cert: string; readonly private: string },
  host = '127.0.0.1',
): Promise<SipPeer & { readonly connections: number }> {
  const sockets = new Set<Socket>();
  const server = cert ? createTlsServer({ cert: cert.cert, key: cert.private }) : createServer();
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  let last: Socket | undefined;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((done) => server.close(() => done()));
  };
  const { peer, take } = SipPeer.over(cert ? 'TLS' : 'TCP', port, (text) => last?.write(text), close);
  server.on('connection', (raw: Socket) => sockets.add(raw));
  server.on('tlsClientError', () => {});
  server.on(cert ? 'secureConnection' : 'connection', (socket: Socket) => {
    last = socket;
    readMessages(socket, take);
  });
  return Object.defineProperty(peer, 'connections', { get: () => sockets.size }) as SipPeer & {
    readonly connections: number;
  };
}
