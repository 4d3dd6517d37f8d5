import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openRtpSocket, type RtpSocket } from '../../../gateway/media/rtp-socket.ts';

const descriptors = () => readdirSync('/proc/self/fd').length;

/** A range of one even port, which is free. */
async function aTakenRange(): Promise<RtpSocket & { readonly range: { min: number; max: number } }> {
  for (;;) {
    const socket = await openRtpSocket('127.0.0.1', { min: 0, max: 0 });
    if (socket.port % 2 === 0) return { ...socket, range: { min: socket.port, max: socket.port } };
    await socket[Symbol.asyncDispose]();
  }
}

test('a range that is full is refused, and keeps no descriptor of what was tried', async () => {
  await using taken = await aTakenRange();
  const refused = () => expect(openRtpSocket('127.0.0.1', taken.range)).rejects.toThrow('widen the range');
  await refused();
  const before = descriptors();
  for (let tried = 0; tried < 20; tried += 1) await refused();
  await expect.poll(descriptors).toBeLessThan(before + 10);
});
