import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of 127.0.0.1 that is free for TCP and UDP now. Whoever takes it should take it soon. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const tcp = createServer().listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const address = tcp.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const udp = createSocket('udp4');
    const free = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false));
      udp.bind(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise<void>((resolve) => udp.close(() => resolve()));
    await new Promise((resolve) => tcp.close(resolve));
    if (free) return port;
  }
  throw new Error('no port of 127.0.0.1 is free for both TCP and UDP');
}

let nextRange = 0;

/** RTP ports below Linux's ephemeral range (32768), another part of it for each process and each engine. */
export function mediaPortRange(size = 2_000): { readonly min: number; readonly max: number } {
  const slots = Math.floor((32_000 - 12_000) / size);
  const slot = (process.pid + nextRange) % slots;
  nextRange += 1;
  const min = 12_000 + slot * size;
  return { min, max: min + size - 1 };
}
