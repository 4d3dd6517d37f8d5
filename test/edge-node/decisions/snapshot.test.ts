import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { VersionedConfig } from '../../../contracts/config.ts';
import { nothingPushed } from '../../../core/config-items.ts';
import { startSnapshot } from '../../../edge-node/decisions/snapshot.ts';
import { heardLogger } from '../heard-logger.ts';
import { heldClock } from '../held-clock.ts';
import { aConfig } from './a-config.ts';

function aFile(): string {
  const dir = mkdtempSync(join(tmpdir(), 'snapshot-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return join(dir, 'sub', 'routing.json');
}

/** A table in the hand of the test. */
function aTable(content: VersionedConfig | Error) {
  const asked: (number | undefined)[] = [];
  const table = {
    content,
    asked,
    async load(known: number | undefined) {
      asked.push(known);
      if (table.content instanceof Error) throw table.content;
      return table.content.version === known ? undefined : table.content;
    },
  };
  return table;
}

async function aSnapshot(source: ReturnType<typeof aTable>, file?: string) {
  const clock = heldClock();
  const log = heardLogger();
  const snapshot = await startSnapshot({ source, clock, logger: log.logger, file, everyMs: 10_000 });
  onTestFinished(() => snapshot[Symbol.asyncDispose]());
  return { snapshot, clock, log };
}

describe('the snapshot', () => {
  test('has the configuration when it is started', async () => {
    const { snapshot } = await aSnapshot(aTable(aConfig(7)));
    expect(snapshot.current()).toEqual(aConfig(7));
  });

  test('looks at the version on a fixed period and takes a new one', async () => {
    const table = aTable(aConfig(7));
    const { snapshot, clock } = await aSnapshot(table);
    clock.pass(10_000);
    await expect.poll(() => table.asked).toEqual([undefined, 7]);
    table.content = aConfig(8);
    await expect.poll(() => clock.pending()).toBe(1);
    clock.pass(10_000);
    await expect.poll(() => snapshot.current()?.version).toBe(8);
    expect(table.asked).toEqual([undefined, 7, 7]);
  });

  test('takes up what is pushed within 10 s by default, even where each look takes 2.5 s', async () => {
    const [clock, log] = [heldClock(), heardLogger()];
    let [stands, takesMs, looks] = [7, 0, 0];
    const source = {
      async load(known: number | undefined) {
        // What is pushed from here on is for the next look.
        const found = aConfig(stands);
        looks += 1;
        if (takesMs > 0) await new Promise<void>((done) => clock.after(takesMs, done));
        return found.version === known ? undefined : found;
      },
    };
    const snapshot = await startSnapshot({ source, clock, logger: log.logger });
    onTestFinished(() => snapshot[Symbol.asyncDispose]());
    takesMs = 2_500;
    const aMoment = async () => {
      clock.pass(100);
      await new Promise(setImmediate);
    };
    while (looks === 1) await aMoment();
    stands = 8;
    const pushedAt = clock.monotonic();
    while (snapshot.current()?.version !== 8 && clock.monotonic() < pushedAt + 60_000) await aMoment();
    expect(clock.monotonic() - pushedAt).toBeLessThanOrEqual(10_000);
  });

  test('says of each version once which trunks have no encryption', async () => {
    const table = aTable(aConfig(7));
    const { snapshot, log } = await aSnapshot(table);
    await snapshot.refresh();
    const warned = () => log.said('has neither TLS nor SRTP').map(({ trunk, version }) => [trunk, version]);
    expect(warned()).toEqual([['carrier', 7]]);
    table.content = aConfig(8);
    await snapshot.refresh();
    expect(warned()).toEqual([
      ['carrier', 7],
      ['carrier', 8],
    ]);
  });

  test('keeps the last good configuration while the table is away or holds rubbish, and says so', async () => {
    const table = aTable(aConfig(7));
    const { snapshot, log } = await aSnapshot(table);
    table.content = new Error('agents.echo.targets.0.uri: must be a SIP URI');
    await snapshot.refresh();
    expect(snapshot.current()?.version).toBe(7);
    expect(log.said('cannot be refreshed')).toHaveLength(1);
    table.content = aConfig(8);
    await snapshot.refresh();
    expect(snapshot.current()?.version).toBe(8);
  });

  test('is empty where there was never a configuration, and gets one when there is', async () => {
    const table = aTable(new Error('no configuration was pushed yet'));
    const { snapshot } = await aSnapshot(table, aFile());
    expect(snapshot.current()).toBeUndefined();
    table.content = aConfig(1);
    await snapshot.refresh();
    expect(snapshot.current()?.version).toBe(1);
  });

  test('of a table that was never written knows nobody, says so once, and takes up the first push', async () => {
    const table = aTable(nothingPushed);
    const { snapshot, log } = await aSnapshot(table, aFile());
    expect(snapshot.current()).toEqual(nothingPushed);
    await snapshot.refresh();
    expect(log.said('every call is refused until')).toHaveLength(1);
    table.content = aConfig(1);
    await snapshot.refresh();
    expect(snapshot.current()).toEqual(aConfig(1));
  });

  test('is not given up for a table that is empty all of a sudden, nor is that of the last run', async () => {
    const file = aFile();
    const table = aTable(aConfig(7));
    const before = await aSnapshot(table, file);
    table.content = nothingPushed;
    await before.snapshot.refresh();
    expect(before.snapshot.current()).toEqual(aConfig(7));
    await before.snapshot[Symbol.asyncDispose]();
    const { snapshot, log } = await aSnapshot(table, file);
    expect(snapshot.current()).toEqual(aConfig(7));
    expect(log.said('cannot be refreshed')).toMatchObject([{ reason: 'the config table is empty' }]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 7 });
  });

  test('of the last run stands in for a table that is away at the start', async () => {
    const file = aFile();
    const before = await aSnapshot(aTable(aConfig(7)), file);
    await before.snapshot[Symbol.asyncDispose]();
    const table = aTable(new Error('ECONNREFUSED'));
    const { snapshot, log } = await aSnapshot(table, file);
    expect(snapshot.current()).toEqual(aConfig(7));
    expect(log.said('configuration of an earlier life')).toHaveLength(1);
    table.content = aConfig(7);
    await snapshot.refresh();
    expect(table.asked.at(-1)).toBe(7);
  });

  test('does not believe a damaged file', async () => {
    const file = aFile();
    const before = await aSnapshot(aTable(aConfig(7)), file);
    await before.snapshot[Symbol.asyncDispose]();
    writeFileSync(file, readFileSync(file, 'utf8').replace('sip:', 'http:'));
    const { snapshot, log } = await aSnapshot(aTable(new Error('ECONNREFUSED')), file);
    expect(snapshot.current()).toBeUndefined();
    expect(log.said('cannot be read')).toHaveLength(1);
  });

  test('asks no more when it is disposed', async () => {
    const table = aTable(aConfig(7));
    const { snapshot, clock } = await aSnapshot(table);
    await snapshot[Symbol.asyncDispose]();
    expect(clock.pending()).toBe(0);
  });
});
