import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readRtp, writeRtp } from '../../gateway/media/rtp-packet.ts';
import { now, stamped, stampOf } from './stamp.ts';

/** What one caller has heard. */
interface Counted {
  sent: number;
  /** Frames of his that came back. */
  returned: number;
  /** From the agent's socket to here, ms. */
  readonly delays: number[];
  /** When each packet came, ms. */
  readonly arrivals: number[];
  /** The last frame that the agent took back, ms since 1970. */
  lastLoudAt: number;
}

/** One phone: says a stamped frame whenever it is told to. */
export async function openCaller() {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const counted: Counted = { sent: 0, returned: 0, delays: [], arrivals: [], lastLoudAt: 0 };
  let isCounting = false;
  socket.on('message', (bytes) => {
    const packet = readRtp(bytes);
    if (!packet) return;
    if (packet.payload[0] === 0x22) counted.lastLoudAt = now();
    if (!isCounting) return;
    counted.arrivals.push(performance.now());
    const stamp = stampOf(packet.payload);
    if (stamp === undefined) return;
    counted.returned += 1;
    counted.delays.push(now() - stamp);
  });
  let sequence = 0;
  let timestamp = 0;
  const send = (payload: Uint8Array, to: number, payloadType = 0) => {
    socket.send(
      writeRtp({ payloadType, marker: false, sequence, timestamp, ssrc: port, payload }),
      to,
      '127.0.0.1',
    );
    sequence = (sequence + 1) & 0xffff;
  };
  return {
    counted,
    offer: `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n`,
    count(is: boolean) {
      isCounting = is;
    },
    say(to: number) {
      send(stamped(now()), to);
      timestamp = (timestamp + 160) >>> 0;
      if (isCounting) counted.sent += 1;
    },
    press(to: number) {
      send(Uint8Array.of(1, 0x8a, 0, 160), to, 101);
      timestamp = (timestamp + 160) >>> 0;
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((closed) => socket.close(closed));
    },
  };
}
