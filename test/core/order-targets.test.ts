import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { orderTargets } from '../../core/order-targets.ts';

interface Target {
  readonly uri: string;
  readonly priority: number;
  readonly weight: number;
}

const target = (name: string, weight: number, priority = 1): Target => ({
  uri: `sip:${name}@192.0.2.1`,
  priority,
  weight,
});

/** Ids of calls that follow one another, as a busy edge makes them. */
const callIds = Array.from({ length: 6_000 }, (_, n) => `01KB3M9T6J${n.toString().padStart(16, '0')}`);

/** How often each target is the first to be tried. */
function firsts(targets: readonly Target[]): number[] {
  const counts = new Map<string, number>();
  for (const id of callIds) {
    const uri = orderTargets(targets, id)[0]?.uri ?? '';
    counts.set(uri, (counts.get(uri) ?? 0) + 1);
  }
  return targets.map(({ uri }) => (counts.get(uri) ?? 0) / callIds.length);
}

const targetLists = fc
  .array(fc.record({ priority: fc.nat(3), weight: fc.nat(5) }), { minLength: 1, maxLength: 8 })
  .map((list) => list.map(({ priority, weight }, n) => target(`t${n}`, weight, priority)));

describe('the order in which targets are tried', () => {
  test('every target is tried once, lower priorities first', () => {
    fc.assert(
      fc.property(targetLists, fc.string(), (targets, seed) => {
        const ordered = orderTargets(targets, seed);
        const byUri = (list: readonly Target[]) => [...list].sort((a, b) => a.uri.localeCompare(b.uri));
        expect(byUri(ordered)).toEqual(byUri(targets));
        const priorities = ordered.map(({ priority }) => priority);
        expect(priorities).toEqual([...priorities].sort((a, b) => a - b));
      }),
    );
  });

  test('the same call has the same order, wherever it is decided', () => {
    fc.assert(
      fc.property(targetLists, fc.string(), (targets, seed) => {
        expect(orderTargets(structuredClone(targets), seed)).toEqual(orderTargets(targets, seed));
      }),
    );
  });

  test('calls are shared in proportion to weight', () => {
    const [one, three, six] = firsts([target('one', 1), target('three', 3), target('six', 6)]);
    expect(one).toBeCloseTo(0.1, 1);
    expect(three).toBeCloseTo(0.3, 1);
    expect(six).toBeCloseTo(0.6, 1);
  });

  test('two targets of weight 1 get half of the calls each', () => {
    const [one, other] = firsts([target('one', 1), target('other', 1)]);
    expect(Math.abs((one ?? 0) - 0.5)).toBeLessThan(0.02);
    expect(Math.abs((other ?? 0) - 0.5)).toBeLessThan(0.02);
  });

  test('weight 0 is tried after every other weight of its priority', () => {
    const targets = [target('spare', 0), target('one', 1), target('last', 0, 2), target('two', 2)];
    for (const id of callIds.slice(0, 500)) {
      const names = orderTargets(targets, id).map(({ uri }) => uri);
      expect(names.indexOf('sip:spare@192.0.2.1')).toBe(2);
    }
  });

  test('with no weights at all the order of the file stands', () => {
    const targets = [target('a', 0), target('b', 0), target('c', 0)];
    expect(orderTargets(targets, 'any')).toEqual(targets);
  });

  test('what else a target carries stays with it', () => {
    expect(orderTargets([{ ...target('a', 1), id: 'desk-1' }], 'any')[0]?.id).toBe('desk-1');
  });
});
