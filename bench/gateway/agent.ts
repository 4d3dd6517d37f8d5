import { type WebSocket, WebSocketServer } from 'ws';
import { now, stamped, stampOf } from './stamp.ts';

/** An agent as a process of its own: sends each frame back with the time at which it had it, and tells how long it was on its way. */
const delays: number[] = [];
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });

server.on('listening', () => {
  const bound = server.address();
  process.send?.({ port: typeof bound === 'object' && bound !== null ? bound.port : 0 });
});
server.on('connection', (socket) => {
  socket.on('message', (data: Buffer) => hear(socket, data.toString('utf8')));
});

function hear(socket: WebSocket, text: string): void {
  const at = now();
  const message = JSON.parse(text);
  if (message.event === 'dtmf') interrupt(socket, message.streamSid);
  if (message.event !== 'media') return;
  const stamp = stampOf(Buffer.from(message.media.payload, 'base64'));
  if (stamp === undefined) return;
  delays.push(at - stamp);
  say(socket, message.streamSid, stamped(now()));
}

/** On a key: says five seconds, and takes them back 200 ms later. */
function interrupt(socket: WebSocket, streamSid: string): void {
  say(socket, streamSid, Buffer.alloc(40_000, 0x22));
  setTimeout(() => {
    socket.send(JSON.stringify({ event: 'clear', streamSid }));
    process.send?.({ clearedAt: now() });
  }, 200);
}

function say(socket: WebSocket, streamSid: string, audio: Buffer): void {
  const media = { payload: audio.toString('base64') };
  socket.send(JSON.stringify({ event: 'media', streamSid, media }));
}

process.on('message', (what) => {
  if (what === 'delays') process.send?.({ delays: delays.splice(0) });
});
