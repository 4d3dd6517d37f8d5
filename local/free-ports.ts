import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 that is free for TCP and UDP now, below those that the system hands out to every connection: a port of
 * theirs may be gone again before whoever asked for it has taken it.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = randomInt(2_000, 10_000);
    if ((await isFreeForUdp(port)) && (await isFreeForTcp(port))) return port;
  }
  throw new Error('no port of 127.0.0.1 between 2000 and 10000 is free for both TCP and UDP');
}

const isFreeForTcp = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

const isFreeForUdp = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });

/** A port that is free together with the one two above it, below those that the system hands out: sipp binds both. */
export async function freePortPair(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = randomInt(5_000, 6_000) * 2;
    if ((await isFreeForUdp(port)) && (await isFreeForUdp(port + 2))) return port;
  }
  throw new Error('no pair of ports of 127.0.0.1 between 10000 and 12000 is free for UDP');
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
