import { describe, expect, test } from 'vitest';
import { findCallsToReap } from '../../core/find-calls-to-reap.ts';

const now = 1_795_000_000_000;
const staleAfterMs = 30_000;
const started = now - 3_600_000;

const call = (callId: string, id = 'edge-1', epoch = started) => ({
  callId,
  edge: { id, region: 'eu-central-1', epoch },
});
const row = (heartbeatAt: number, epoch = started, edgeId = 'edge-1') => ({ edgeId, epoch, heartbeatAt });
const reaped = (calls: ReturnType<typeof call>[], fleet: ReturnType<typeof row>[]) =>
  findCallsToReap(calls, fleet, now, staleAfterMs);

describe('calls whose edge is gone', () => {
  test('an edge with a fresh heartbeat keeps its calls', () => {
    expect(reaped([call('one')], [row(now - 1_000)])).toEqual([]);
    expect(reaped([call('one')], [row(now - staleAfterMs)])).toEqual([]);
  });

  test('an edge that fell silent loses them', () => {
    expect(reaped([call('one')], [row(now - 45_000)])).toEqual([
      { callId: 'one', detail: 'edge edge-1 has been silent for 45 s' },
    ]);
  });

  test('an edge whose row is gone loses them', () => {
    expect(reaped([call('one')], [])).toEqual([{ callId: 'one', detail: 'edge edge-1 has no heartbeat' }]);
  });

  test('an edge that started a moment ago may not have written its first heartbeat', () => {
    expect(reaped([call('one', 'edge-1', now - 1_000)], [])).toEqual([]);
  });

  test('an edge that was restarted loses the calls of its earlier life only', () => {
    const fleet = [row(now, now - 5_000)];
    expect(reaped([call('old'), call('new', 'edge-1', now - 5_000)], fleet)).toEqual([
      { callId: 'old', detail: 'edge edge-1 was restarted' },
    ]);
  });

  test('a row of an earlier life, still fresh, says nothing against a new one', () => {
    expect(reaped([call('one', 'edge-1', now - 2_000)], [row(now - 9_000)])).toEqual([]);
  });

  test('each edge answers for its own calls', () => {
    const fleet = [row(now), row(now - 60_000, started, 'edge-2')];
    const lost = reaped([call('one'), call('two', 'edge-2'), call('three')], fleet);
    expect(lost.map(({ callId }) => callId)).toEqual(['two']);
  });

  test('nobody is up: nothing is lost', () => {
    expect(reaped([], [])).toEqual([]);
  });
});
