import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { RoutingConfig } from '../../../../contracts/config.ts';
import { spendFile } from '../../../../edge-node/signaling/guard/spend-file.ts';
import { openSpending } from '../../../../edge-node/signaling/guard/spending.ts';
import { heardLogger } from '../../heard-logger.ts';
import { heldClock } from '../../held-clock.ts';

async function aFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-spend-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

const config = RoutingConfig.parse({
  version: 1,
  trunks: { out: { endpoints: [{ host: 'sip.carrier.example' }], limits: { minutes: { perHour: 10 } } } },
  numbers: {},
  agents: {},
});
const call = { trunk: 'out', caller: '+15550100', called: '+12125550123' };

/** One life of an edge: all on the same folder and clock. */
async function anEdge(folder: string, clock = heldClock()) {
  const { logger, said } = heardLogger();
  const events: string[] = [];
  const spending = await openSpending({
    ...{ clock, logger, store: spendFile(join(folder, 'spend.json'), logger) },
    snapshot: { current: () => ({ version: 1, config }) },
    narrator: { say: (type) => void events.push(type) },
  });
  return { spending, clock, said, events };
}

const answered = (edge: Awaited<ReturnType<typeof anEdge>>) => {
  const permit = edge.spending.take(call);
  if ('refused' in permit) return permit;
  permit.answered();
  return permit;
};

test('an edge that is killed remembers what was used, also by calls that were up', async () => {
  const folder = await aFolder();
  const first = await anEdge(folder);
  answered(first);
  first.clock.pass(660_000);
  // Killed: nothing is said to it any more. What it wrote by itself is all there is.
  await expect.poll(() => readdir(folder)).toEqual(['spend.json']);
  const minutes = async () =>
    JSON.parse(await readFile(join(folder, 'spend.json'), 'utf8')).trunks.out.usage.hour.minutes;
  await expect.poll(minutes).toBeGreaterThan(10);

  const second = await anEdge(folder, first.clock);
  expect(second.spending.take(call)).toMatchObject({ refused: 'spend-limit' });
  expect(second.events).toEqual([]);
  expect((await stat(join(folder, 'spend.json'))).size).toBeLessThan(1_000);
});

test('a call that is over is kept at once', async () => {
  const folder = await aFolder();
  const first = await anEdge(folder);
  const permit = answered(first);
  first.clock.pass(4_000);
  if ('release' in permit) permit.release();
  await expect.poll(() => readdir(folder)).toEqual(['spend.json']);
  const kept = JSON.parse(await readFile(join(folder, 'spend.json'), 'utf8'));
  expect(kept.trunks.out.usage.hour.minutes).toBeCloseTo(4 / 60);
});

test.each([
  ['{"version":1,"trunks":{"out":{"usa'],
  ['{"version":2}'],
  ['{"version":1,"trunks":{"out":{"usage":{}}}}'],
])('a file that cannot be read (%s) is told, and the count begins anew', async (text) => {
  const folder = await aFolder();
  await writeFile(join(folder, 'spend.json'), text);
  const edge = await anEdge(folder);
  expect(edge.said('cannot be read')).toHaveLength(1);
  expect(answered(edge)).not.toHaveProperty('refused');
  await edge.spending[Symbol.asyncDispose]();
  expect(JSON.parse(await readFile(join(folder, 'spend.json'), 'utf8'))).toMatchObject({ version: 1 });
});

test('a disk that takes nothing stops no call', async () => {
  const folder = await aFolder();
  await writeFile(join(folder, 'not-a-folder'), '');
  const edge = await anEdge(join(folder, 'not-a-folder'));
  expect(answered(edge)).not.toHaveProperty('refused');
  edge.clock.pass(5_000);
  await expect.poll(() => edge.said('cannot be kept')).not.toHaveLength(0);
  expect(answered(edge)).not.toHaveProperty('refused');
});
