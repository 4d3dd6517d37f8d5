import { once } from 'node:events';
import { type WebSocket, WebSocketServer } from 'ws';
import { RATE, spoken } from './voice.ts';

export interface TalkerOptions {
  /** On 127.0.0.1; 0, the default, lets the system choose. */
  readonly port?: number;
  readonly onKey?: (key: string) => void;
}

export interface Talker extends AsyncDisposable {
  /** For the target `websocket`, with `rate: 16000`. */
  readonly url: string;
}

/** What it says first. */
export const GREETING =
  'Hello. Press any key, and I say which one it was. Press zero for a human, and the hash key to hang up.';

/**
 * An agent without a cloud: it greets, says each key back, interrupts itself when one is pressed, transfers on `0` to whom the
 * parameter `human` names, and hangs up on `#` once it has said good-bye.
 */
export async function startTalker({ port = 0, onKey }: TalkerOptions = {}): Promise<Talker> {
  // Without a voice it does not even start.
  await spoken(GREETING);
  const server = new WebSocketServer({ host: '127.0.0.1', port, handleProtocols: () => 'trunkline.pcm.v1' });
  await once(server, 'listening');
  server.on('connection', (socket) => converse(socket, onKey));
  const bound = server.address();
  return {
    url: `ws://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : port}/`,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function converse(socket: WebSocket, onKey: TalkerOptions['onKey']): void {
  const tell = (message: object) => socket.send(JSON.stringify(message));
  let human: string | undefined;
  const say = async (sentence: string, mark?: string) => {
    socket.send(await spoken(sentence));
    if (mark) tell({ type: 'mark', name: mark });
  };
  const hear = async (message: { type: string; [field: string]: unknown }) => {
    if (message.type === 'start') {
      ({ human } = message['parameters'] as { human?: string });
      if (message['rate'] !== RATE)
        return tell({ type: 'hangup', reason: `this agent speaks at ${RATE} Hz: set rate` });
      // Whoever was cut off knows who we are.
      return say(message['reconnected'] ? 'Here I am again.' : GREETING);
    }
    if (message.type === 'mark' && message['name'] === 'good-bye')
      return tell({ type: 'hangup', reason: 'said good-bye' });
    if (message.type !== 'dtmf') return undefined;
    const key = String(message['digit']);
    onKey?.(key);
    tell({ type: 'clear' });
    if (key === '#') return say('Good bye.', 'good-bye');
    if (key === '0' && human) return tell({ type: 'transfer', to: human });
    return say(`You pressed ${key === '*' ? 'star' : key}.`);
  };
  socket.on('message', (data: Buffer, isBinary) => {
    // What the caller says is for an agent with ears.
    if (!isBinary)
      void hear(JSON.parse(data.toString('utf8'))).catch((error) =>
        socket.close(1_011, String(error).slice(0, 100)),
      );
  });
}
