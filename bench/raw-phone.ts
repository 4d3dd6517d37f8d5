import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A phone that answers every call at once, and notes when each ends. Bare datagrams, so that nothing of ours is measured twice. */
export interface RawPhone extends AsyncDisposable {
  readonly port: number;
  /** Resolves with the moment (performance.now) at which the BYE of this call came in. */
  hungUp(callId: string): Promise<number>;
}

const host = '127.0.0.1';

export async function startRawPhone(): Promise<RawPhone> {
  const socket = createSocket('udp4').bind(0, host);
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  /** Of our calls, by SIP Call-ID. */
  const calls = new Map<string, string>();
  const byes = new Map<string, number>();
  const waiting = new Map<string, (at: number) => void>();
  const sdp = `v=0\r\no=- 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n`;

  socket.on('message', (datagram, from) => {
    const at = performance.now();
    const text = datagram.toString();
    const [, method = ''] = /^([A-Z]+) \S+ SIP\/2\.0/.exec(text) ?? [];
    const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'mi').exec(text)?.[1]?.trim() ?? '';
    const answer = (tag: string, body: string) => {
      const copied = ['Via', 'From', 'Call-ID', 'CSeq'].map((name) => `${name}: ${header(name)}`);
      const lines = [
        ...['SIP/2.0 200 OK', ...copied, `To: ${header('To')}${tag}`, `Contact: <sip:raw@${host}:${port}>`],
        ...(body ? ['Content-Type: application/sdp'] : []),
        ...[`Content-Length: ${body.length}`, '', body],
      ];
      socket.send(lines.join('\r\n'), from.port, from.address);
    };
    if (method === 'INVITE') {
      calls.set(header('Call-ID'), header('X-Trunkline-Call-Id'));
      answer(header('To').includes('tag=') ? '' : ';tag=raw', sdp);
    } else if (method === 'BYE') {
      const callId = calls.get(header('Call-ID')) ?? '';
      if (!byes.has(callId)) byes.set(callId, at);
      waiting.get(callId)?.(at);
      answer('', '');
    }
  });
  return {
    port,
    hungUp: (callId) =>
      new Promise((resolve) => {
        const at = byes.get(callId);
        if (at === undefined) waiting.set(callId, resolve);
        else resolve(at);
      }),
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}
