import { describe, expect, test } from 'vitest';
import { CallEnded } from '../../contracts/events/call.ts';
import type { Heartbeat } from '../../functions/ports.ts';
import { project } from '../../functions/project-call.ts';
import { reap } from '../../functions/reap-calls.ts';
import { aCall, anEvent, at, edge, start } from './an-event.ts';
import { aClock, memoryBus, memoryCalls } from './in-memory.ts';

const patience = { retries: 0 };

function aPlatform(...rows: Heartbeat[]) {
  const { calls, active } = memoryCalls();
  const [bus, clock] = [memoryBus(), aClock()];
  const run = reap({
    active,
    calls,
    fleet: { rows: async () => rows },
    announce: bus,
    clock,
    edgeLostAfterMs: 120_000,
  });
  const happen = async (...events: Parameters<ReturnType<typeof project>>[0][]) => {
    for (const event of events) await project({ calls, patience })(event);
  };
  return { calls, bus, clock, run, happen };
}

const heartbeat = (ms: number, epoch = edge.epoch): Heartbeat => ({
  edgeId: edge.id,
  epoch,
  heartbeatAt: start + ms,
});

describe('reap-calls', () => {
  test('calls of an edge that beats are left alone', async () => {
    const { run, happen, bus, clock } = aPlatform(heartbeat(290_000));
    await happen(anEvent('call.received'));
    clock.goOn(300_000);
    expect(await run()).toMatchObject({ outcome: 'nothing-lost', facts: { active: 1, edges: 1, lost: 0 } });
    expect(bus.said).toEqual([]);
  });

  test('a call of a silent edge ends as edge-lost, blamed on the platform, with what was known of it', async () => {
    const { run, happen, bus, clock } = aPlatform(heartbeat(0));
    const [received, routed, ringing, answered] = aCall();
    for (const event of [received, routed, ringing, answered]) if (event) await happen(event);
    clock.goOn(200_000);
    await run();
    const ended = CallEnded.parse(bus.said[0]);
    expect(ended).toMatchObject({ reason: 'edge-lost', blame: 'platform', time: at(200_000), media: null });
    expect(ended).toMatchObject({
      durationMs: 200_000,
      talkMs: 197_000,
      digits: { received: 0, delivered: 0, gap: 0 },
    });
    expect(ended.detail).toContain('edge-1 has been silent for 200 s');
    expect(ended.seq).toBeUndefined();
  });

  test('calls of an earlier life of a living edge are ended', async () => {
    const { run, happen, bus } = aPlatform(heartbeat(0, edge.epoch + 30_000));
    await happen(anEvent('call.received'));
    await run();
    expect(bus.said).toMatchObject([{ detail: 'edge edge-1 was restarted' }]);
  });

  test('calls of an edge that left no row in the fleet are found too', async () => {
    const { run, happen, bus, clock } = aPlatform();
    await happen(anEvent('call.received'));
    clock.goOn(200_000);
    await run();
    expect(bus.said).toMatchObject([{ detail: 'edge edge-1 has no heartbeat' }]);
  });

  test('an edge that has just started is given time for its first heartbeat', async () => {
    const { run, happen, bus } = aPlatform();
    await happen(anEvent('call.received'));
    await run();
    expect(bus.said).toEqual([]);
  });

  test('until the record says so, each run says the same event again; then no more', async () => {
    const { run, happen, bus, clock } = aPlatform();
    await happen(anEvent('call.received'));
    clock.goOn(200_000);
    await run();
    await run();
    expect(bus.said[1]).toEqual(bus.said[0]);
    for (const event of bus.said) await happen(event);
    await run();
    expect(bus.said).toHaveLength(2);
  });

  test('a call that ended while the index lagged behind is not ended twice', async () => {
    const { calls } = memoryCalls();
    const [bus, story] = [memoryBus(), aCall()];
    for (const event of story) await project({ calls, patience })(event);
    const behind = { list: async () => [{ callId: anEvent('call.received', story[0]).callId, edge }] };
    await reap({
      active: behind,
      calls,
      fleet: { rows: async () => [] },
      announce: bus,
      clock: aClock(),
      edgeLostAfterMs: 1,
    })();
    expect(bus.said).toEqual([]);
  });
});
