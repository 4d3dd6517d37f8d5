import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';

export interface PortRange {
  /** 0 and 0: the system chooses. */
  readonly min: number;
  readonly max: number;
}

export interface RtpSocket extends AsyncDisposable {
  readonly port: number;
  send(bytes: Buffer, port: number, address: string): void;
  onPacket(hear: (bytes: Buffer, from: RemoteInfo) => void): void;
}

/** Ports that are tried before the range counts as full. */
const TRIES = 50;

/** Even ports, as RTP has them (RFC 3550 section 11), beginning anywhere in the range. @throws Error where it is full. */
export async function openRtpSocket(address: string, { min, max }: PortRange): Promise<RtpSocket> {
  if (max === 0) return bind(address, 0);
  const first = min + (min % 2);
  const count = Math.floor((max - first) / 2) + 1;
  const start = Math.floor(Math.random() * count);
  for (let tried = 0; tried < Math.min(TRIES, count); tried += 1) {
    try {
      return await bind(address, first + 2 * ((start + tried) % count));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
  throw new Error(`no port of ${min}-${max} is free on ${address}: widen the range, or have another gateway`);
}

async function bind(address: string, port: number): Promise<RtpSocket> {
  const socket = createSocket({
    type: isIPv6(address) ? 'udp6' : 'udp4',
    recvBufferSize: 256 * 1024,
    sendBufferSize: 256 * 1024,
  });
  const ready = once(socket, 'listening');
  socket.bind({ address, port, exclusive: true });
  try {
    await ready;
  } catch (error) {
    // Its descriptor stays open otherwise.
    socket.close();
    throw error;
  }
  // A port that nobody listens at is told by ICMP; the silence is seen anyway.
  socket.on('error', () => {});
  return {
    port: socket.address().port,
    send: (bytes, to, host) => socket.send(bytes, to, host, () => {}),
    onPacket: (hear) => void socket.on('message', hear),
    async [Symbol.asyncDispose]() {
      await new Promise<void>((closed) => socket.close(closed));
    },
  };
}
