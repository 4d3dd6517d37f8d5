import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** How a call ended whose CANCEL may have crossed the answer. */
export type Crossing = 'cancelled' | 'answered, then hung up';

interface Address {
  readonly host: string;
  readonly port: number;
}

const RETRANSMIT_MS = 500;
const DEADLINE_MS = 10_000;

/**
 * Calls, and cancels `afterMs` later whatever has come by then. sipp cannot: it has one 200 in mind, and here that of the
 * CANCEL and that of the INVITE come in any order (RFC 3261 §9.1). Resolves when every transaction has its end.
 */
export async function cancelAfter(afterMs: number, to: string, via: Address): Promise<Crossing> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const timers: NodeJS.Timeout[] = [];
  try {
    return await cross(socket, afterMs, dialog(to, via, socket.address().port), via, timers);
  } finally {
    for (const timer of timers) clearInterval(timer);
    socket.close();
  }
}

function cross(
  socket: Socket,
  afterMs: number,
  write: ReturnType<typeof dialog>,
  via: Address,
  timers: NodeJS.Timeout[],
): Promise<Crossing> {
  const open = new Set(['INVITE', 'CANCEL']);
  let crossing: Crossing = 'cancelled';
  let inviteSeen = false;
  const send = (text: string) => socket.send(text, via.port, via.host);
  const insist = (method: string, text: string) => {
    send(text);
    timers.push(setInterval(() => open.has(method) && send(text), RETRANSMIT_MS));
  };
  send(write.invite);
  timers.push(setInterval(() => inviteSeen || send(write.invite), RETRANSMIT_MS));
  timers.push(setTimeout(() => insist('CANCEL', write.cancel), afterMs));

  return new Promise((resolve, reject) => {
    timers.push(setTimeout(() => reject(new Error(`open: ${[...open].join(', ')}`)), DEADLINE_MS));
    const done = (method: string) => {
      open.delete(method);
      if (open.size === 0) resolve(crossing);
    };
    socket.on('message', (data) => {
      const text = data.toString('latin1');
      const [, code, method = ''] = /^SIP\/2\.0 (\d+)[\s\S]*^CSeq: *\d+ (\w+)/im.exec(text) ?? [];
      const status = Number(code);
      if (code === undefined) {
        if (text.startsWith('BYE ')) send(write.okTo(text));
        return;
      }
      if (method === 'INVITE') inviteSeen = true;
      if (status < 200) return;
      if (method === 'INVITE' && status < 300) {
        crossing = 'answered, then hung up';
        send(write.ack2xx(text));
        if (!open.has('INVITE')) return;
        open.add('BYE');
        insist('BYE', write.bye(text));
      } else if (method === 'INVITE') send(write.ackFailure(text));
      done(method);
    });
  });
}

let calls = 0;

function dialog(to: string, via: Address, port: number) {
  calls += 1;
  const id = `crossing-${process.pid}-${calls}`;
  const here = `127.0.0.1:${port}`;
  const target = `sip:${to}@${via.host}:${via.port}`;
  const body = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0\r\n`;
  const toOf = (text: string) => /^To: *(.*)$/im.exec(text)?.[1]?.trim() ?? '';
  const request = (method: string, cseq: string, branch: string, toHeader = `<${target}>`, sdp = '') =>
    [
      `${method} ${target} SIP/2.0`,
      `Via: SIP/2.0/UDP ${here};branch=z9hG4bK-${id}-${branch}`,
      `From: <sip:+15550199@${here}>;tag=${id}`,
      `To: ${toHeader}`,
      `Call-ID: ${id}`,
      `CSeq: ${cseq}`,
      `Contact: <sip:+15550199@${here}>`,
      'Max-Forwards: 70',
      ...(sdp ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${sdp.length}`,
      '',
      sdp,
    ].join('\r\n');
  return {
    invite: request('INVITE', '1 INVITE', 'invite', undefined, body),
    cancel: request('CANCEL', '1 CANCEL', 'invite'),
    ackFailure: (answer: string) => request('ACK', '1 ACK', 'invite', toOf(answer)),
    ack2xx: (answer: string) => request('ACK', '1 ACK', 'ack', toOf(answer)),
    bye: (answer: string) => request('BYE', '2 BYE', 'bye', toOf(answer)),
    okTo: (bye: string) => {
      const kept = bye.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
      return ['SIP/2.0 200 OK', ...kept, 'Content-Length: 0', '', ''].join('\r\n');
    },
  };
}
