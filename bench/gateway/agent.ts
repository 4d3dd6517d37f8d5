import { type WebSocket, WebSocketServer } from 'ws';
import { type Level, levelOfMulaw, levelOfPcm, now, peaks } from './sound.ts';

/** When peaks came to the agent's socket and left it again, ms since 1970. */
export interface AtAgent {
  readonly heard: number[];
  readonly said: number[];
}

/** An agent as a process of its own: sends each frame back, and tells when it had those that are timed. */
const calls = new Map<string, AtAgent>();
const server = new WebSocketServer({
  ...{ host: '127.0.0.1', port: 0, perMessageDeflate: false },
  handleProtocols: ([first]) => first ?? false,
});

server.on('listening', () => {
  const bound = server.address();
  process.send?.({ port: typeof bound === 'object' && bound !== null ? bound.port : 0 });
});
server.on('connection', (socket) => {
  const times: AtAgent = { heard: [], said: [] };
  let level: Level = 'silent';
  let streamSid: string | undefined;
  const send = (audio: Buffer, payload?: string) =>
    streamSid === undefined ? socket.send(audio) : socket.send(mediaOf(streamSid, payload, audio));
  const echo = (at: number, heard: Level, audio: Buffer, payload?: string) => {
    const isTimed = heard === 'peak' && level !== 'peak';
    level = heard;
    if (isTimed) times.heard.push(at);
    if (isTimed) times.said.push(now());
    send(audio, payload);
  };
  socket.on('message', (data: Buffer, isBinary) => {
    const at = now();
    if (isBinary) return echo(at, levelOfPcm(data), data);
    const { event, type, ...message } = JSON.parse(data.toString('utf8'));
    const kind = event ?? type;
    if (kind === 'start') {
      streamSid = message.streamSid;
      calls.set(message.callId ?? message.start.customParameters.callId, times);
    } else if (kind === 'dtmf') interrupt(socket, streamSid, send);
    else if (kind === 'media') {
      const audio = Buffer.from(message.media.payload, 'base64');
      echo(at, levelOfMulaw(audio), audio, message.media.payload);
    }
  });
});

const mediaOf = (streamSid: string, payload: string | undefined, audio: Buffer) =>
  JSON.stringify({ event: 'media', streamSid, media: { payload: payload ?? audio.toString('base64') } });

/** On a key: says some seconds, and takes them back 200 ms later. */
function interrupt(socket: WebSocket, streamSid: string | undefined, send: (audio: Buffer) => void): void {
  send(Buffer.from(peaks(40_000, streamSid === undefined)));
  setTimeout(() => {
    socket.send(JSON.stringify(streamSid === undefined ? { type: 'clear' } : { event: 'clear', streamSid }));
    process.send?.({ clearedAt: now() });
  }, 200);
}

process.on('message', (callIds: readonly string[]) => {
  process.send?.({ times: callIds.map((callId) => calls.get(callId) ?? { heard: [], said: [] }) });
  for (const callId of callIds) calls.delete(callId);
});
