import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** Sends one OPTIONS over UDP, as a load balancer does, and gives the status of the answer. */
export async function askOptions(via: { readonly host: string; readonly port: number }): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const here = `127.0.0.1:${socket.address().port}`;
  const id = `options-${process.hrtime.bigint()}`;
  const request = [
    `OPTIONS sip:${via.host}:${via.port} SIP/2.0`,
    `Via: SIP/2.0/UDP ${here};branch=z9hG4bK-${id}`,
    `From: <sip:probe@${here}>;tag=${id}`,
    `To: <sip:${via.host}:${via.port}>`,
    `Call-ID: ${id}`,
    'CSeq: 1 OPTIONS',
    `Contact: <sip:probe@${here}>`,
    'Max-Forwards: 70',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
  try {
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(20_000) });
    socket.send(request, via.port, via.host);
    const [answer] = (await answered) as [Buffer];
    return Number(/^SIP\/2\.0 (\d+)/.exec(answer.toString('latin1'))?.[1]);
  } finally {
    socket.close();
  }
}
