import { expect, test } from 'vitest';
import { rowsOf } from '../../bench/gateway/goals.ts';
import type { GatewayFigures } from '../../bench/gateway/measure.ts';

const good: GatewayFigures = {
  ...{ calls: 200, seconds: 20, kind: { dialect: 'pcm', rate: 16_000 } },
  ...{ cpuPerCall: 0.5, bytesPerCall: 100 * 1_024, residentBytes: 2 ** 27 },
  pacingMs: { p50: 0.5, p99: 2, atCallerP99: 3 },
  ...{ lost: 0, said: 1_000, returned: 1_000, toSocketMs: [1], toCallerMs: [20], clearMs: [20] },
  growth: { memory: 1, handles: 1 },
};
const missed = (own: Partial<GatewayFigures>) =>
  rowsOf({ ...good, ...own })
    .filter(({ goal }) => goal?.holds === false)
    .map(({ name }) => name);

test('a bench of the gateway in which all is well misses no goal', () => {
  expect(missed({})).toEqual([]);
});

test.each<[string, Partial<GatewayFigures>]>([
  ['CPU of the gateway per call', { cpuPerCall: 1.01 }],
  ['memory: the process', { bytesPerCall: 2 ** 20 }],
  ['off the beat of 20 ms, as sent', { pacingMs: { p50: 1, p99: 5, atCallerP99: 1 } }],
  ['frames lost', { lost: 1 }],
  ['frames said that did not come back', { returned: 999 }],
  ['caller to socket', { toSocketMs: [21] }],
  ['socket to caller', { toCallerMs: [] }],
  ['clear to silence', { clearMs: [41] }],
  ['soak: memory', { growth: { memory: 1.2, handles: 1 } }],
  ['soak: handles', { growth: { memory: 1, handles: 1.2 } }],
])('the goal of "%s" is missed where the number is beyond it, and no other', (name, own) => {
  expect(missed(own)).toEqual([expect.stringContaining(name)]);
});
