import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mulaw } from 'alawmulaw';
import { type RtpPacket, readRtp, writeRtp } from '../../../gateway/media/rtp-packet.ts';

/** A peer on loopback that sends and hears RTP, packet by packet: what it sends is up to the test. */
export async function anRtpPeer() {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const heard: (RtpPacket & { readonly at: number })[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (bytes) => {
    const packet = readRtp(bytes);
    if (packet) heard.push({ ...packet, payload: Buffer.from(packet.payload), at: performance.now() });
    for (const look of waiting) look();
  });
  let sequence = 0;
  let timestamp = 0;
  return {
    port,
    heard,
    offer: (more = '') =>
      `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n${more}`,
    /** The next 20 ms of audio, as G.711 mu-law. */
    speak(samples: Int16Array, to: number) {
      send({ payloadType: 0, marker: false, payload: mulaw.encode(samples) }, to);
      timestamp += samples.length;
    },
    /** A whole press, three end packets and all. */
    press(event: number, to: number) {
      for (const [index, end] of [false, false, true, true, true].entries())
        send(
          {
            payloadType: 101,
            marker: index === 0,
            payload: Uint8Array.of(event, end ? 0x8a : 0x0a, 1, 64 * index),
          },
          to,
        );
      timestamp += 800;
    },
    /** Samples of all audio heard so far. */
    audio: () =>
      Int16Array.from(
        heard
          .filter(({ payloadType }) => payloadType === 0)
          .flatMap(({ payload }) => [...mulaw.decode(payload)]),
      ),
    /** Resolves once what was heard satisfies. */
    until: (isEnough: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!isEnough()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    async [Symbol.asyncDispose]() {
      await new Promise<void>((closed) => socket.close(closed));
    },
  };

  function send(own: Pick<RtpPacket, 'payloadType' | 'marker' | 'payload'>, to: number) {
    socket.send(writeRtp({ ...own, sequence, timestamp, ssrc: 7 }), to, '127.0.0.1');
    sequence += 1;
  }
}
