import { createSocket } from 'node:dgram';
import { once } from 'node:events';

interface OptionsAnswer {
  readonly status: number;
  /** Retry-After, s. */
  readonly retryAfter: number | undefined;
}

type Place = { readonly host: string; readonly port: number };

/** Status of the answer to an OPTIONS. */
export const askOptions = async (via: Place): Promise<number> => (await answerToOptions(via)).status;

/** Sends one OPTIONS over UDP, as a load balancer does. */
export async function answerToOptions(via: Place): Promise<OptionsAnswer> {
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
    const text = answer.toString('latin1');
    const retryAfter = /^Retry-After: *(\d+)/im.exec(text)?.[1];
    return {
      status: Number(/^SIP\/2\.0 (\d+)/.exec(text)?.[1]),
      retryAfter: retryAfter === undefined ? undefined : Number(retryAfter),
    };
  } finally {
    socket.close();
  }
}
