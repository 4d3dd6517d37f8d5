import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import { largestMessage } from './stream-limits.ts';
import type { TlsIdentity } from './tls-identity.ts';

/** Leads a socket that has just connected through its handshakes. One that fails them is closed, and nobody is told. */
export type Handshake<Ready> = (socket: Socket, ready: (ready: Ready) => void) => void;

export const noHandshake: Handshake<Socket> = (socket, ready) => ready(socket);

/** A server that does not listen: whoever it is given goes through its handshake, client certificates and all. */
export function tlsHandshake({ server }: TlsIdentity): Handshake<Socket> {
  const waiting = new Map<string, (ready: Socket) => void>();
  const from = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  const handshakes = createTlsServer(server, (secured) => {
    secured.on('error', () => secured.destroy());
    waiting.get(from(secured))?.(secured);
  });
  handshakes.on('tlsClientError', (_error, socket) => socket.destroy());
  return (socket, ready) => {
    const caller = from(socket);
    waiting.set(caller, ready);
    socket.once('close', () => waiting.delete(caller));
    handshakes.emit('connection', socket);
  };
}

const speaksSip = ({ headers }: IncomingMessage): boolean =>
  (headers['sec-websocket-protocol'] ?? '').split(',').some((one) => one.trim() === 'sip');

/** RFC 7118 §4: the subprotocol has to be `sip`. `under` is what comes before it. */
export function webSocketHandshake(under: Handshake<Socket>): Handshake<WebSocket> {
  const waiting = new WeakMap<Duplex, (ready: WebSocket) => void>();
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: largestMessage,
    perMessageDeflate: false,
    handleProtocols: () => 'sip',
  });
  const http = createServer({ maxHeaderSize: 8_192 }, (_request, response) =>
    response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' }).end(),
  );
  http.on('upgrade', (request, socket, head) => {
    const ready = waiting.get(socket);
    if (!ready || !speaksSip(request)) {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, ready);
  });
  return (socket, ready) =>
    under(socket, (stream) => {
      waiting.set(stream, ready);
      http.emit('connection', stream);
    });
}
