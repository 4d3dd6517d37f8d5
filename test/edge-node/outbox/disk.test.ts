import { readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { anEnded, aReceivedCall, aRinging } from '../an-event.ts';
import { heldClock } from '../held-clock.ts';
import { MemoryBus } from './memory-bus.ts';
import { anOutbox, journalFiles } from './stage.ts';

const awayBus = () => {
  const bus = new MemoryBus();
  bus.away = new Error('away');
  return bus;
};
const diskUse = (dir: string) =>
  journalFiles(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);

describe('a full journal', () => {
  test('first asks for no new calls, then drops what a record can do without, then everything', async () => {
    const maxBytes = 100_000;
    const { outbox, dir, log } = await anOutbox({ bus: awayBus(), maxBytes, segmentBytes: 10_000 });
    while (!outbox.backlog().full) outbox.record(aRinging());
    expect(diskUse(dir)).toBeGreaterThanOrEqual(maxBytes * 0.9);
    expect(outbox.backlog().dropped).toBe(0);

    while (outbox.backlog().dropped === 0) outbox.record(aRinging());
    const before = outbox.backlog().depth;
    outbox.record(anEnded());
    expect(outbox.backlog()).toMatchObject({ depth: before + 1, dropped: 1 });
    expect(log.said('an event is dropped')[0]).toMatchObject({ level: 50, reason: 'the journal is full' });

    for (let index = 0; index < 100; index += 1) outbox.record(anEnded());
    expect(outbox.backlog().dropped).toBeGreaterThan(1);
    expect(diskUse(dir)).toBeLessThanOrEqual(maxBytes * 1.01);
  });

  test('keeps the oldest, and takes new calls again once the bus has taken some', async () => {
    const bus = awayBus();
    const { outbox } = await anOutbox({ bus, maxBytes: 50_000, segmentBytes: 5_000 });
    const kept: string[] = [];
    while (!outbox.backlog().full) {
      const event = aReceivedCall();
      kept.push(event.id);
      outbox.record(event);
    }
    bus.away = undefined;
    await outbox.settled();
    expect(new Set(bus.ids())).toEqual(new Set(kept));
    expect(outbox.backlog().full).toBe(false);
  });
});

describe('an outage longer than memory', () => {
  test('leaves events on disk alone, and sends each of them when the bus is back', async () => {
    const bus = awayBus();
    const { outbox } = await anOutbox({ bus, memoryEvents: 50, segmentBytes: 5_000 });
    const events = Array.from({ length: 1_000 }, () => aRinging());
    for (const event of events) outbox.record(event);
    expect(outbox.backlog().depth).toBe(1_000);
    bus.away = undefined;
    await outbox.settled();
    expect(bus.taken).toHaveLength(1_000);
    expect(new Set(bus.ids())).toEqual(new Set(events.map(({ id }) => id)));
  });

  test('an urgent event overtakes those on disk once the bus is back, and is sent once', async () => {
    const bus = awayBus();
    const { outbox, log } = await anOutbox({ bus, memoryEvents: 20, segmentBytes: 5_000, concurrency: 1 });
    for (let index = 0; index < 500; index += 1) outbox.record(aRinging());
    await expect.poll(() => log.said('cannot be reached')).toHaveLength(1);
    let release = () => {};
    bus.answer = () => {
      if (bus.taken.length === 0) release = bus.hold();
      return undefined;
    };
    bus.away = undefined;
    await expect.poll(() => log.said('is back')).toHaveLength(1);
    const urgent = aReceivedCall();
    outbox.record(urgent, true);
    expect(bus.calls.at(-1)?.[0]?.detail).toContain(urgent.id);
    release();
    await outbox.settled();
    expect(bus.ids().filter((id) => id === urgent.id)).toHaveLength(1);
    expect(bus.taken).toHaveLength(501);
  });

  test('events of later lives and what is recorded meanwhile all arrive', async () => {
    const first = await anOutbox({ bus: awayBus(), segmentBytes: 5_000, flushMs: 1 });
    for (let index = 0; index < 300; index += 1) first.outbox.record(aRinging());
    await first.outbox[Symbol.asyncDispose]();
    const second = await anOutbox({
      bus: awayBus(),
      dir: first.dir,
      memoryEvents: 40,
      segmentBytes: 5_000,
      flushMs: 1,
    });
    for (let index = 0; index < 300; index += 1) second.outbox.record(aRinging());
    await second.outbox[Symbol.asyncDispose]();
    const third = await anOutbox({ dir: first.dir, memoryEvents: 40 });
    await third.outbox.settled();
    expect(new Set(third.bus.ids()).size).toBe(600);
    expect(journalFiles(first.dir)).toHaveLength(1);
  });
});

describe('a disk that refuses', () => {
  test('is reported and lets no new calls in; events still go to the bus, from memory', async () => {
    const { outbox, bus, dir, log } = await anOutbox({ segmentBytes: 1 });
    outbox.record(aRinging());
    renameSync(dir, `${dir}-gone`);
    outbox.record(aRinging());
    outbox.record(aRinging());
    expect(outbox.backlog()).toMatchObject({ depth: 3, full: true, dropped: 0 });
    expect(log.said('the journal cannot be written')).toHaveLength(1);
    await outbox.settled();
    expect(bus.taken).toHaveLength(3);
    renameSync(`${dir}-gone`, dir);
    outbox.record(aRinging());
    expect(outbox.backlog().full).toBe(false);
  });

  test('is tried again by itself, since without new calls there may be no event', async () => {
    const clock = heldClock();
    const { outbox, dir, log } = await anOutbox({ segmentBytes: 1, clock });
    outbox.record(aRinging());
    renameSync(dir, `${dir}-gone`);
    outbox.record(aRinging());
    clock.pass(5_000);
    expect(outbox.backlog().full).toBe(true);
    renameSync(`${dir}-gone`, dir);
    clock.pass(1_000);
    expect(outbox.backlog().full).toBe(false);
    expect(log.said('can be written again')).toHaveLength(1);
    expect(readdirSync(dir)).not.toContain('try');
    await outbox.settled();
  });
});
