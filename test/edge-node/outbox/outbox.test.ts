import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { aReceivedCall, aRinging } from '../an-event.ts';
import { heldClock } from '../held-clock.ts';
import { MemoryBus } from './memory-bus.ts';
import { anOutbox, journalFiles } from './stage.ts';

const many = (count: number) => Array.from({ length: count }, () => aRinging());
const idsOf = (events: readonly { id: string }[]) => events.map(({ id }) => id);

describe('what is recorded arrives', () => {
  test('an event becomes an entry with source, type, time, call and the event as JSON', async () => {
    const { outbox, bus } = await anOutbox();
    const event = aRinging();
    outbox.record(event);
    await outbox.settled();
    expect(bus.taken).toEqual([
      {
        source: 'trunkline.edge',
        detailType: 'call.ringing',
        time: event.time,
        detail: JSON.stringify(event),
        callId: event.callId,
      },
    ]);
  });

  test('events travel in batches of ten, in the order in which they were recorded', async () => {
    const { outbox, bus } = await anOutbox({ concurrency: 1 });
    const events = many(35);
    for (const event of events) outbox.record(event);
    await outbox.settled();
    expect(bus.ids()).toEqual(idsOf(events));
    expect(bus.calls.map(({ length }) => length)).toEqual([10, 10, 10, 5]);
  });

  test('a few events wait for company no longer than the batch time', async () => {
    const clock = heldClock();
    const { outbox, bus } = await anOutbox({ clock, batchEveryMs: 20 });
    for (const event of many(3)) outbox.record(event);
    clock.pass(19);
    expect(bus.calls).toHaveLength(0);
    clock.pass(1);
    expect(bus.calls).toHaveLength(1);
    await outbox.settled();
  });

  test('where the bus has just been called an event waits longer, for an urgent one that takes it along', async () => {
    const clock = heldClock();
    const { outbox, bus } = await anOutbox({ clock, batchEveryMs: 20, spacingMs: 100 });
    outbox.record(aReceivedCall(), true);
    outbox.record(aRinging());
    clock.pass(60);
    expect(bus.calls).toHaveLength(1);
    outbox.record(aReceivedCall(), true);
    expect(bus.calls[1]?.map(({ detailType }) => detailType)).toEqual(['call.received', 'call.ringing']);

    outbox.record(aRinging());
    clock.pass(99);
    expect(bus.calls).toHaveLength(2);
    clock.pass(1);
    expect(bus.calls).toHaveLength(3);
    await outbox.settled();
  });

  test('an urgent event leaves at once and takes along what waits', async () => {
    const clock = heldClock();
    const { outbox, bus } = await anOutbox({ clock });
    const [waits, urgent] = [aRinging(), aReceivedCall()];
    outbox.record(waits);
    outbox.record(urgent, true);
    expect(bus.calls.map((call) => call.map(({ detailType }) => detailType))).toEqual([
      ['call.received', 'call.ringing'],
    ]);
    await outbox.settled();
  });

  test('an urgent event does not wait behind batches that are on their way', async () => {
    const { outbox, bus } = await anOutbox({ concurrency: 1 });
    const release = bus.hold();
    for (const event of many(40)) outbox.record(event);
    expect(bus.calls).toHaveLength(1);
    outbox.record(aReceivedCall(), true);
    expect(bus.calls[1]?.[0]?.detailType).toBe('call.received');
    release();
    await outbox.settled();
    expect(bus.taken).toHaveLength(41);
  });

  test('no call to the bus is larger than 256 KB', async () => {
    const { outbox, bus } = await anOutbox();
    for (let index = 0; index < 10; index += 1) outbox.record(aRinging({ target: 'x'.repeat(60_000) }));
    await outbox.settled();
    expect(bus.taken).toHaveLength(10);
    const sizes = bus.calls.map((call) => call.reduce((sum, { detail }) => sum + detail.length, 0));
    expect(Math.max(...sizes)).toBeLessThan(256 * 1024);
  });

  test('settled waits for what was recorded before, not for what comes after', async () => {
    const { outbox, bus } = await anOutbox();
    const first = aRinging();
    outbox.record(first);
    const settled = outbox.settled();
    bus.answer = ({ detail }) =>
      detail.includes(first.id) ? undefined : { ok: false, code: 'InternalFailure', message: 'not now' };
    outbox.record(aRinging());
    await settled;
    expect(bus.ids()).toEqual([first.id]);
    bus.answer = () => undefined;
    await outbox.settled();
  });

  test('the backlog tells how many events wait and since when', async () => {
    const clock = heldClock();
    const { outbox, bus } = await anOutbox({ clock });
    expect(outbox.backlog()).toEqual({ depth: 0, oldestMs: 0, full: false, dropped: 0 });
    const release = bus.hold();
    outbox.record(aRinging());
    clock.pass(700);
    outbox.record(aRinging());
    clock.pass(300);
    expect(outbox.backlog()).toMatchObject({ depth: 2, oldestMs: 1000 });
    release();
    await outbox.settled();
    expect(outbox.backlog()).toMatchObject({ depth: 0, oldestMs: 0 });
  });

  test('what is on the bus leaves the disk', async () => {
    const { outbox, bus, dir } = await anOutbox({ segmentBytes: 4_000 });
    for (const event of many(200)) outbox.record(event);
    await outbox.settled();
    expect(bus.taken).toHaveLength(200);
    await expect.poll(() => journalFiles(dir)).toHaveLength(1);
  });
});

describe('a bus with faults', () => {
  test('failed entries are sent again, alone of their batch', async () => {
    const { outbox, bus } = await anOutbox();
    const events = many(10);
    const fails = new Set([events[2]?.id, events[7]?.id]);
    bus.answer = ({ detail }) =>
      fails.delete(JSON.parse(detail).id)
        ? { ok: false, code: 'ThrottlingException', message: 'slow down' }
        : undefined;
    for (const event of events) outbox.record(event);
    await outbox.settled();
    expect(bus.calls.map(({ length }) => length)).toEqual([10, 2]);
    expect(new Set(bus.ids())).toEqual(new Set(idsOf(events)));
    expect(bus.taken).toHaveLength(10);
  });

  test('while the bus is away events wait; when it is back all arrive', async () => {
    const { outbox, bus, log } = await anOutbox();
    bus.away = new Error('connect ECONNREFUSED');
    const events = many(200);
    for (const event of events) outbox.record(event);
    await expect.poll(() => bus.calls.length).toBeGreaterThan(20);
    expect(outbox.backlog().depth).toBe(200);
    bus.away = undefined;
    await outbox.settled();
    expect(new Set(bus.ids())).toEqual(new Set(idsOf(events)));
    expect(log.said('cannot be reached')).toMatchObject([{ err: { message: 'connect ECONNREFUSED' } }]);
    expect(log.said('is back')).toHaveLength(1);
  });

  test('while the bus is away one call at a time asks for it', async () => {
    const clock = heldClock();
    const { outbox, bus, log } = await anOutbox({ clock, backOff: { firstMs: 100, capMs: 100 } });
    bus.away = new Error('connect ECONNREFUSED');
    outbox.record(aRinging());
    clock.pass(2);
    await expect.poll(() => log.said('cannot be reached')).toHaveLength(1);
    for (const event of many(50)) outbox.record(event, true);
    expect(bus.calls).toHaveLength(1);
    bus.away = undefined;
    clock.pass(100);
    await expect.poll(() => outbox.backlog().depth).toBe(0);
  });

  test('a batch that is refused as a whole is sent one by one, and only the culprit is set aside', async () => {
    const { outbox, bus, dir, log } = await anOutbox();
    const events = many(10);
    const culprit = events[4];
    bus.answer = (_entry, batch) =>
      batch.some(({ detail }) => detail.includes(culprit?.id ?? '?'))
        ? { ok: false, code: 'ValidationException', message: 'Detail is malformed.' }
        : undefined;
    for (const event of events) outbox.record(event);
    await outbox.settled();
    expect(bus.taken).toHaveLength(9);
    const kept = JSON.parse(readFileSync(join(dir, 'refused.jsonl'), 'utf8'));
    expect(kept).toMatchObject({
      code: 'ValidationException',
      message: 'Detail is malformed.',
      event: culprit,
    });
    expect(log.said('refuses an event for good')).toHaveLength(1);
  });

  test('an event that is too large for any call is set aside at once and blocks nobody', async () => {
    const { outbox, bus, dir } = await anOutbox();
    const large = aRinging({ target: 'x'.repeat(300_000) });
    outbox.record(large);
    outbox.record(aRinging());
    await outbox.settled();
    expect(bus.taken).toHaveLength(1);
    expect(JSON.parse(readFileSync(join(dir, 'refused.jsonl'), 'utf8'))).toMatchObject({
      code: 'EntrySizeExceeded',
      event: { id: large.id },
    });
  });

  test('one entry that never succeeds does not hold up the others', async () => {
    const { outbox, bus } = await anOutbox();
    const stuck = aRinging();
    bus.answer = ({ detail }) =>
      detail.includes(stuck.id) ? { ok: false, code: 'InternalFailure', message: 'oops' } : undefined;
    outbox.record(stuck);
    const others = many(100);
    for (const event of others) outbox.record(event);
    await expect.poll(() => bus.taken).toHaveLength(100);
    expect(outbox.backlog().depth).toBe(1);
    bus.answer = () => undefined;
    await outbox.settled();
  });

  test('an answer with fewer outcomes than entries is no answer for the rest', async () => {
    const bus = new MemoryBus();
    const put = bus.put.bind(bus);
    let short = true;
    bus.put = async (entries) => {
      const outcomes = await put(entries);
      const answered = short ? outcomes.slice(0, 1) : outcomes;
      short = false;
      return answered;
    };
    const { outbox } = await anOutbox({ bus });
    const events = many(3);
    for (const event of events) outbox.record(event);
    await outbox.settled();
    expect(new Set(bus.ids())).toEqual(new Set(idsOf(events)));
    expect(bus.taken).toHaveLength(5);
  });
});
