import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readRtp, writeRtp } from '../../gateway/media/rtp-packet.ts';
import { type Level, levelOfMulaw, now, peak, silent, steady } from './sound.ts';

/** What one caller has said and heard, from its first frame to its last. */
interface Counted {
  said: number;
  /** Frames of words: that he said, and that came back. */
  returned: number;
  /** Of frames that are timed, ms since 1970. */
  readonly saidPeaks: number[];
  readonly heardPeaks: number[];
  /** When each packet of the last seconds came, ms. */
  readonly arrivals: number[];
  lastPeakAt: number;
}

/** Of each second, in frames: words of 0.6 s with one that is timed in their midst, and a pause. */
const SECOND = 50;
const WORDS = 30;
const TIMED = 15;

/** Arrivals that are kept. */
const KEPT = 1_000;

/** One phone: says a frame whenever it is told to. */
export async function openCaller(place: number) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const counted: Counted = {
    ...{ said: 0, returned: 0, lastPeakAt: 0 },
    ...{ saidPeaks: [], heardPeaks: [], arrivals: [] },
  };
  let level: Level = 'silent';
  socket.on('message', (bytes) => {
    const packet = readRtp(bytes);
    if (!packet) return;
    const at = now();
    counted.arrivals.push(at);
    if (counted.arrivals.length > KEPT) counted.arrivals.shift();
    const heard = levelOfMulaw(packet.payload);
    if (heard !== 'silent') counted.returned += 1;
    if (heard === 'peak') counted.lastPeakAt = at;
    if (heard === 'peak' && level !== 'peak') counted.heardPeaks.push(at);
    level = heard;
  });
  // Each call begins elsewhere in its second.
  let frames = place * 7;
  let sequence = 0;
  let timestamp = 0;
  const send = (payload: Uint8Array, to: number, payloadType = 0) => {
    socket.send(
      writeRtp({ payloadType, marker: false, sequence, timestamp, ssrc: port, payload }),
      to,
      '127.0.0.1',
    );
    sequence = (sequence + 1) & 0xffff;
    timestamp = (timestamp + 160) >>> 0;
  };
  return {
    counted,
    offer: `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n`,
    say(to: number) {
      const at = frames % SECOND;
      frames += 1;
      if (at < WORDS) counted.said += 1;
      if (at === TIMED) counted.saidPeaks.push(now());
      send(at === TIMED ? peak : at < WORDS ? steady : silent, to);
    },
    press: (to: number) => send(Uint8Array.of(1, 0x8a, 0, 160), to, 101),
    async [Symbol.asyncDispose]() {
      await new Promise<void>((closed) => socket.close(closed));
    },
  };
}
