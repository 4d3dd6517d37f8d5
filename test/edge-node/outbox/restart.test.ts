import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { aRinging } from '../an-event.ts';
import { MemoryBus } from './memory-bus.ts';
import { aDirectory, anOutbox, journalFiles } from './stage.ts';

const many = (count: number) => Array.from({ length: count }, () => aRinging());
const idsOf = (events: readonly { id: string }[]) => new Set(events.map(({ id }) => id));

/** A directory in which an earlier life left `events` behind, because the bus was away. */
async function leftBehind(events: readonly ReturnType<typeof aRinging>[], segmentBytes = 4_000) {
  const bus = new MemoryBus();
  bus.away = new Error('away');
  const { outbox, dir } = await anOutbox({ bus, segmentBytes, flushMs: 1 });
  for (const event of events) outbox.record(event);
  await outbox[Symbol.asyncDispose]();
  return dir;
}

describe('a new life', () => {
  test('sends what the last one left behind, and removes it from the disk', async () => {
    const events = many(120);
    const dir = await leftBehind(events);
    const bus = new MemoryBus();
    const release = bus.hold();
    const { outbox, log } = await anOutbox({ dir, bus });
    expect(outbox.backlog().depth).toBe(120);
    release();
    await outbox.settled();
    expect(idsOf(events)).toEqual(new Set(bus.ids()));
    expect(log.said('an earlier life left behind')).toHaveLength(1);
    expect(journalFiles(dir)).toHaveLength(1);
  });

  test('does not send again what was acknowledged', async () => {
    const bus = new MemoryBus();
    const { outbox, dir } = await anOutbox({ bus, flushMs: 20 });
    const [sent, stuck] = [many(30), aRinging()];
    bus.answer = ({ detail }) =>
      detail.includes(stuck.id) ? { ok: false, code: 'InternalFailure', message: 'oops' } : undefined;
    for (const event of [...sent, stuck]) outbox.record(event);
    await outbox[Symbol.asyncDispose]();
    const next = await anOutbox({ dir });
    await next.outbox.settled();
    expect(next.bus.ids()).toEqual([stuck.id]);
  });

  test('knows how old the oldest event is', async () => {
    const dir = await leftBehind([aRinging({ time: new Date(Date.now() - 60_000).toISOString() })]);
    const bus = new MemoryBus();
    const release = bus.hold();
    const { outbox } = await anOutbox({ dir, bus });
    expect(outbox.backlog().oldestMs).toBeGreaterThanOrEqual(60_000);
    release();
  });

  test('tolerates a torn last line: that record never returned', async () => {
    const events = many(5);
    const dir = await leftBehind(events, 1_000_000);
    appendFileSync(join(dir, journalFiles(dir).at(-1) ?? ''), '0a1b2c3d {"version":1,"id":"01');
    const { outbox, bus, log } = await anOutbox({ dir });
    await outbox.settled();
    expect(idsOf(events)).toEqual(new Set(bus.ids()));
    expect(log.said('torn')).toHaveLength(1);
  });

  test('sets a corrupt line aside, says so, and sends all the others', async () => {
    const events = many(5);
    const dir = await leftBehind(events, 1_000_000);
    const file = join(dir, journalFiles(dir)[0] ?? '');
    const damaged = readFileSync(file, 'utf8').replace(events[2]?.callId ?? '?', 'X'.repeat(26));
    writeFileSync(file, damaged);
    const { outbox, bus, log } = await anOutbox({ dir });
    await outbox.settled();
    expect(new Set(bus.ids())).toEqual(idsOf(events.filter((_event, index) => index !== 2)));
    expect(log.said('corrupt')[0]).toMatchObject({ level: 50, lines: [3] });
    const aside = readdirSync(dir).find((name) => name.endsWith('.corrupt'));
    expect(readFileSync(join(dir, aside ?? ''), 'utf8')).toContain(events[2]?.id);
  });

  test('sends everything again when the acknowledgements cannot be read', async () => {
    const events = many(5);
    const dir = await leftBehind(events, 1_000_000);
    writeFileSync(join(dir, `${journalFiles(dir)[0]}.acked`), '\n00000000 0-4\ngarbage\n0a');
    const { outbox, bus } = await anOutbox({ dir });
    await outbox.settled();
    expect(new Set(bus.ids())).toEqual(idsOf(events));
  });
});

describe('a directory', () => {
  test('belongs to one outbox at a time', async () => {
    const { dir, outbox } = await anOutbox();
    await expect(anOutbox({ dir })).rejects.toThrow('already open');
    await outbox[Symbol.asyncDispose]();
    await anOutbox({ dir });
  });

  test('of another process that lives is refused, with its pid', async () => {
    const dir = aDirectory();
    const parent = process.ppid;
    const start = readFileSync(`/proc/${parent}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
    writeFileSync(join(dir, 'owner.lock'), `${parent} ${start}`);
    await expect(anOutbox({ dir })).rejects.toThrow(`belongs to process ${parent}`);
  });

  test.each([
    ['a process that is gone', '4194304 12345'],
    ['an earlier process with our pid', `${process.pid} 1`],
    ['nobody who can be read', 'rubbish'],
  ])('of %s is taken over', async (_who, owner) => {
    const dir = aDirectory();
    writeFileSync(join(dir, 'owner.lock'), owner);
    const { outbox } = await anOutbox({ dir });
    outbox.record(aRinging());
    await outbox.settled();
  });
});
