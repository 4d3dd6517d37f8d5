import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** An rtpengine in the test's hand: it knows the calls that it was offered, until they are deleted. */
export interface FakeEngine extends AsyncDisposable {
  readonly port: number;
  readonly name: string;
  /** Commands in their order, with the call: `offer 01ARZ…`. Pings apart. */
  readonly asked: string[];
  readonly calls: Set<string>;
  /** `silent` hears and says nothing; `late` does what it is asked and answers when it `speaks` again. */
  mode: 'answers' | 'silent' | 'late';
  /** Refuses offers with this reason. */
  refusal: string | undefined;
  /** Sends what it kept to itself while it was `late`. */
  speaks(): void;
}

/** Bencode: a key, and behind it a text with its length. */
function textAt(request: string, key: string): string {
  const found = new RegExp(`${key.length}:${key}(\\d+):`).exec(request);
  const start = found ? found.index + found[0].length : 0;
  return request.slice(start, start + Number(found?.[1] ?? 0));
}

const text = (value: string) => `${Buffer.byteLength(value)}:${value}`;

export async function aFakeEngine(): Promise<FakeEngine> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  const kept: (() => void)[] = [];
  const engine: FakeEngine = {
    port,
    name: `127.0.0.1:${port}`,
    asked: [],
    calls: new Set(),
    mode: 'answers',
    refusal: undefined,
    speaks() {
      engine.mode = 'answers';
      for (const reply of kept.splice(0)) reply();
    },
    [Symbol.asyncDispose]: () => new Promise((closed) => socket.close(() => closed())),
  };
  const refuse = (reason: string) => `d6:result5:error12:error-reason${text(reason)}e`;
  const answerTo = (command: string, callId: string): string => {
    if (command === 'ping') return 'd6:result4:ponge';
    engine.asked.push(`${command} ${callId}`);
    if (command === 'offer' && engine.refusal) return refuse(engine.refusal);
    if (command === 'offer') engine.calls.add(callId);
    else if (!engine.calls.has(callId)) {
      return command === 'delete' ? 'd6:result2:ok7:warning7:unknowne' : refuse('Unknown call-id');
    }
    if (command === 'delete') engine.calls.delete(callId);
    return `d6:result2:ok3:sdp${text(`v=0 of ${port}`)}4:tagsdee`;
  };
  socket.on('message', (datagram, from) => {
    const request = datagram.toString();
    const cookie = request.slice(0, request.indexOf(' '));
    const command = textAt(request, 'command');
    if (engine.mode === 'silent') return;
    const reply = `${cookie} ${answerTo(command, textAt(request, 'call-id'))}`;
    const send = () => socket.send(reply, from.port, '127.0.0.1');
    if (engine.mode === 'late') kept.push(send);
    else send();
  });
  return engine;
}
