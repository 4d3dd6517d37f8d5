import { expect, test } from 'vitest';
import { startPeer } from '../../local/child-process.ts';
import { aFolder, standIn } from './stand-in.ts';

test('a program that ignores SIGTERM, and leaves a process of its own that holds its output, is ended all the same', async () => {
  await using folder = await aFolder();
  const program = await standIn(
    folder.path,
    'stubborn',
    "trap '' TERM\nsleep 60 &\necho $!\nwhile :; do sleep 1; done",
  );
  const peer = await startPeer(program, [], { package: 'none' });
  await expect.poll(() => peer.tail()).toMatch(/^\d+$/);
  const orphan = Number(peer.tail());
  await peer[Symbol.asyncDispose]();
  expect(peer.process.signalCode).toBe('SIGKILL');
  process.kill(orphan);
}, 30_000);
