import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { type WebSocket, WebSocketServer } from 'ws';
import { largestMessage } from './stream-limits.ts';
import type { TlsIdentity } from './tls-identity.ts';

/** Leads a socket that has just connected through its handshakes. One that fails them is closed, and nobody is told. */
export type Handshake<Ready> = (socket: Socket, ready: (ready: Ready) => void) => void;

export const noHandshake: Handshake<Socket> = (socket, ready) => ready(socket);

export const tlsHandshake =
  ({ context }: TlsIdentity): Handshake<Socket> =>
  (socket, ready) => {
    const secured = new TLSSocket(socket, { isServer: true, secureContext: context });
    secured.on('error', () => socket.destroy());
    secured.once('secure', () => ready(secured));
  };

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
