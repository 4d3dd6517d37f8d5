import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { isSigned } from './signature.ts';

/** What the caller said and pressed, as it came. */
export interface EchoOptions {
  /** On 127.0.0.1; 0, the default, lets the system choose. */
  readonly port?: number;
  /** The secret that the configuration's `hmac` leads to: calls on /pcm that are not signed with it are refused with 401. */
  readonly hmac?: string | undefined;
  /** 20 ms of the caller: PCM16 on /pcm, mu-law on /twilio. */
  readonly onAudio?: (frame: Buffer) => void;
  readonly onKey?: (key: string) => void;
}

export interface Echo extends AsyncDisposable {
  readonly port: number;
  /** Where the dialect `pcm` is spoken, and where that of Twilio. */
  readonly pcm: string;
  readonly twilio: string;
}

/** An agent that says what it hears. On `#` it transfers to whom the configuration's parameter `human` names. */
export async function startEcho({ port = 0, hmac, ...heard }: EchoOptions = {}): Promise<Echo> {
  const server = new WebSocketServer({
    ...{ host: '127.0.0.1', port },
    verifyClient: ({ req }: { req: IncomingMessage }) => isOurs(req, hmac),
    handleProtocols: (offered) => (offered.has('trunkline.pcm.v1') ? 'trunkline.pcm.v1' : false),
  });
  await once(server, 'listening');
  server.on('connection', (socket, { url }) => (url?.startsWith('/twilio') ? twilio : pcm)(socket, heard));
  const bound = server.address();
  const at = typeof bound === 'object' && bound !== null ? bound.port : port;
  return {
    port: at,
    pcm: `ws://127.0.0.1:${at}/pcm`,
    twilio: `ws://127.0.0.1:${at}/twilio`,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      await new Promise((closed) => server.close(closed));
    },
  };
}

/** Only /pcm is signed. The URL is what stands in the configuration: behind a proxy say it yourself. */
const isOurs = ({ url = '/', headers }: IncomingMessage, secret: string | undefined) =>
  secret === undefined ||
  !url.startsWith('/pcm') ||
  isSigned(headers, { url: `ws://${headers.host}${url}`, secret });

/** JSON in text frames, audio in binary ones: docs/agents.md. */
function pcm(socket: WebSocket, { onAudio, onKey }: EchoOptions): void {
  let human: string | undefined;
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) {
      onAudio?.(data);
      socket.send(data);
      return;
    }
    const message = JSON.parse(data.toString('utf8'));
    if (message.type === 'start') human = message.parameters.human;
    if (message.type !== 'dtmf') return;
    onKey?.(message.digit);
    if (message.digit === '#' && human) socket.send(JSON.stringify({ type: 'transfer', to: human }));
  });
}

/** Twilio Media Streams: all is JSON, the audio in base64. The dialect has no word for a transfer. */
function twilio(socket: WebSocket, { onAudio, onKey }: EchoOptions): void {
  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString('utf8'));
    if (message.event === 'dtmf') onKey?.(message.dtmf.digit);
    if (message.event !== 'media') return;
    const { payload } = message.media;
    onAudio?.(Buffer.from(payload, 'base64'));
    socket.send(JSON.stringify({ event: 'media', streamSid: message.streamSid, media: { payload } }));
  });
}
