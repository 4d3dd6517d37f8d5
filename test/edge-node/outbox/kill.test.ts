import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { aDirectory, anOutbox, journalFiles } from './stage.ts';

const program = fileURLToPath(new URL('recording-process.ts', import.meta.url));

/** Lets a process record until `count` records have returned, kills it with SIGKILL, and tells what it noted. */
async function killedWhileRecording(
  dir: string,
  bus: 'up' | 'away',
  count: number,
  { fileKilobytes = 'unlimited', more = [] as string[] } = {},
) {
  const notes = join(aDirectory(), 'notes');
  const node = [process.execPath, '--import', 'tsx', program, dir, bus, String(count), notes, ...more];
  const child = spawn('bash', ['-c', `ulimit -f ${fileKilobytes}; exec "$0" "$@"`, ...node], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  child.stdout.once('data', () => child.kill('SIGKILL'));
  expect(await ended).toEqual([null, 'SIGKILL']);
  const noted = readFileSync(notes, 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const idsNoted = (what: string) =>
    new Set(noted.flatMap(([verb, id]) => (verb === what && id?.length === 26 ? [id] : [])));
  return { recorded: idsNoted('recorded'), taken: idsNoted('taken') };
}

describe('a process killed with SIGKILL while it records', () => {
  test.each([
    ['the bus takes events', 'up', 3_000],
    ['the bus is away and events wait in memory', 'away', 300],
    ['the bus is away and events wait on disk', 'away', 3_000],
  ] as const)('loses nothing that was recorded: %s', async (_state, bus, count) => {
    const dir = aDirectory();
    const before = await killedWhileRecording(dir, bus, count);
    const next = await anOutbox({ dir });
    await next.outbox.settled();
    const arrived = new Set([...before.taken, ...next.bus.ids()]);
    const lost = [...before.recorded].filter((id) => !arrived.has(id));
    expect(before.recorded.size).toBeGreaterThanOrEqual(count);
    expect(lost).toEqual([]);
  });

  test('loses nothing over several lives that all end that way', async () => {
    const dir = aDirectory();
    const recorded = new Set<string>();
    const arrived = new Set<string>();
    for (const [bus, count] of [
      ['away', 700],
      ['up', 900],
      ['away', 200],
      ['up', 400],
    ] as const) {
      const life = await killedWhileRecording(dir, bus, count);
      for (const id of life.recorded) recorded.add(id);
      for (const id of life.taken) arrived.add(id);
    }
    const last = await anOutbox({ dir });
    await last.outbox.settled();
    for (const id of last.bus.ids()) arrived.add(id);
    expect([...recorded].filter((id) => !arrived.has(id))).toEqual([]);
  });

  test('loses nothing where the disk cuts a line in the middle', async () => {
    const dir = aDirectory();
    // Segments may be larger than any file here, so each of them ends with half a line.
    const life = await killedWhileRecording(dir, 'away', 300, {
      fileKilobytes: '256',
      more: ['1000000', '2000'],
    });
    const files = journalFiles(dir).length;
    const { outbox, bus, log } = await anOutbox({ dir });
    await outbox.settled();
    const arrived = new Set(bus.ids());
    const lost = [...life.recorded].filter((id) => !arrived.has(id));
    expect(files).toBeGreaterThan(2);
    expect(lost).toEqual([]);
    expect(log.said('torn')).toHaveLength(files - 1);
    expect(log.said('corrupt')).toEqual([]);
  });
});
