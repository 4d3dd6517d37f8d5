import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../bench/failover.ts', import.meta.url));

/** The bench with small numbers: what it proves is the same. */
function runBench(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', script, '--json', ...args],
      (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

test('under load a carrier, an rtpengine and an edge are killed in turn and an edge is drained: no new call is lost', async () => {
  const run = await runBench(
    ...['--rate', '4', '--hold', '2', '--after', '1', '--probe', '1', '--no-reaper'],
    ...['--only', 'carrier', 'rtpengine', 'edge', 'drain'],
  );
  expect({ code: run.code, said: run.code === 0 ? '' : run.stderr + run.stdout }).toEqual({
    code: 0,
    said: '',
  });
  const { strikes, byEdge, ...result } = JSON.parse(run.stdout);
  expect(result).toMatchObject({ lostAfterBound: 0, gaps: 0, leftUp: 0 });
  // Each edge has a queue of its own, through which its decisions came.
  for (const edge of ['edge-1', 'edge-2']) expect(byEdge[edge].decidedLive).toBeGreaterThan(5);
  expect(strikes).toMatchObject([
    { name: 'carrier', after: { lost: 0 } },
    { name: 'rtpengine', after: { lost: 0 } },
    { name: 'edge', after: { lost: 0 }, cut: { 'edge-lost': expect.any(Number) } },
    { name: 'drain', before: { lost: 0 }, after: { lost: 0 }, cut: {} },
  ]);
  for (const { after } of strikes) expect(after.calls).toBeGreaterThan(2);
}, 240_000);
