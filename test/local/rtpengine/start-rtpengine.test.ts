import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { endsWithUs, findProgram } from '../../../local/child-process.ts';
import { startRtpengine } from '../../../local/rtpengine/start-rtpengine.ts';
import { isFree } from '../ports.ts';
import { aFolder, standIn, withEnvironment } from '../stand-in.ts';

const told = { dtmfPort: 9, b2bPort: 9 };

async function ping({ host, port }: { readonly host: string; readonly port: number }): Promise<string> {
  const socket = createSocket('udp4');
  try {
    socket.send('a d7:command4:pinge', port, host);
    const [answer] = (await once(socket, 'message')) as [Buffer];
    return answer.toString('latin1');
  } finally {
    socket.close();
  }
}

test('it answers from the moment it is ready, and leaves nothing behind', async () => {
  const engine = await startRtpengine(told);
  expect(await ping(engine.ng)).toBe('a d6:result4:ponge');
  expect(await readdir(engine.recordingDir)).toContain('pcaps');
  await engine[Symbol.asyncDispose]();
  expect(existsSync(engine.recordingDir)).toBe(false);
  expect(await isFree(engine.ng.port)).toBe(true);
});

test('several run side by side', async () => {
  const engines = await Promise.all([startRtpengine(told), startRtpengine(told), startRtpengine(told)]);
  try {
    expect(new Set(engines.map(({ ng }) => ng.port)).size).toBe(3);
    for (const { ng } of engines) expect(await ping(ng)).toContain('pong');
  } finally {
    for (const engine of engines) await engine[Symbol.asyncDispose]();
  }
});

test('it dies as in a crash when it is killed, and may still be disposed of', async () => {
  await using engine = await startRtpengine(told);
  await engine.kill();
  expect(await isFree(engine.ng.port)).toBe(true);
});

test('it may be started anew where it was', async () => {
  await using engine = await startRtpengine(told);
  const before = engine.pid;
  await engine.kill();
  await engine.restart();
  expect(engine.pid).not.toBe(before);
  expect(await ping(engine.ng)).toContain('pong');
});

test('where it is missing, the package is named', async () => {
  await using nothing = await aFolder();
  using _ = withEnvironment({ PATH: nothing.path, TMPDIR: nothing.path });
  await expect(startRtpengine(told)).rejects.toThrow(
    'rtpengine is not installed: apt-get install rtpengine-daemon',
  );
  expect(await readdir(nothing.path)).toEqual([]);
});

test('one that cannot start is heard, and its folder is gone', async () => {
  await using programs = await aFolder();
  await using temporary = await aFolder();
  await standIn(programs.path, 'rtpengine', 'echo "no memory for streams" >&2; exit 1');
  using _ = withEnvironment({ PATH: programs.path, TMPDIR: temporary.path });
  await expect(startRtpengine(told)).rejects.toThrow('no memory for streams');
  expect(await readdir(temporary.path)).toEqual([]);
});

test('a port that somebody took meanwhile is no reason to give up', async () => {
  await using programs = await aFolder();
  const real = await findProgram('rtpengine');
  const failsOnce = `mkdir "${programs.path}/failed" 2>/dev/null && exit 1\nexec "${real}" "$@"`;
  await standIn(programs.path, 'rtpengine', failsOnce);
  using _ = withEnvironment({ PATH: `${programs.path}:${process.env['PATH']}` });
  await using engine = await startRtpengine(told);
  expect(await ping(engine.ng)).toContain('pong');
  expect(existsSync(`${programs.path}/failed`)).toBe(true);
});

if (endsWithUs().length > 0) {
  test.each(['SIGKILL', 'SIGTERM'] as const)(
    'it ends with the process that started it, by %s',
    async (signal) => {
      const program = fileURLToPath(new URL('./engine-owner.ts', import.meta.url));
      const owner = fork(program, { execArgv: ['--import', 'tsx'] });
      const [port] = (await once(owner, 'message')) as [number];
      expect(await isFree(port)).toBe(false);
      owner.kill(signal);
      await expect.poll(() => isFree(port)).toBe(true);
    },
  );
}
