import { describe, expect, test } from 'vitest';
import { chooseEdge, type KnownEdge } from '../../core/choose-edge.ts';
import { ulid } from './call-story.ts';

const now = 1_000_000;
const edge = (edgeId: string, calls: number, but: Partial<KnownEdge> = {}): KnownEdge => ({
  ...{ edgeId, calls, queueUrl: `https://queue/${edgeId}`, draining: false, heartbeatAt: now - 9_000 },
  ...but,
});
const chosen = (edges: readonly KnownEdge[], seed = 'a') => chooseEdge(edges, seed, now)?.edgeId;

describe('the edge for a new call', () => {
  test('of two is the one with fewer calls', () => {
    expect(chosen([edge('one', 7), edge('two', 3)])).toBe('two');
    expect(chosen([edge('one', 3), edge('two', 7)])).toBe('one');
  });

  test('is none that drains, and none that has been silent for half a minute', () => {
    const gone = edge('gone', 0, { heartbeatAt: now - 30_000 });
    expect(chosen([edge('draining', 0, { draining: true }), gone, edge('busy', 900)])).toBe('busy');
    expect(chosen([gone])).toBeUndefined();
    expect(chosen([])).toBeUndefined();
  });

  test('is the same for the same call, in whatever order the fleet is read', () => {
    const edges = [edge('one', 1), edge('two', 1), edge('three', 1), edge('four', 1)];
    expect(chosen(edges.toReversed(), 'call')).toBe(chosen(edges, 'call'));
  });

  test('is not always the emptiest, whose heartbeat is old news; the fullest of many is none', () => {
    const edges = [edge('empty', 0), edge('two', 10), edge('three', 11), edge('full', 500)];
    const draws = Array.from({ length: 600 }, (_, n) => chosen(edges, ulid(n)));
    const share = (id: string) => draws.filter((drawn) => drawn === id).length / draws.length;
    expect(share('empty')).toBeGreaterThan(0.4);
    expect(share('empty')).toBeLessThan(0.6);
    expect(share('full')).toBe(0);
  });
});
