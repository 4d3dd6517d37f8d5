import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RoutingConfig } from '../../../contracts/config.ts';
import { trunkTargets } from '../../../core/outbound.ts';
import { countTrunks } from '../../../edge-node/signaling/trunks/trunk-limits.ts';
import { heldClock } from '../held-clock.ts';

interface Carrier {
  readonly weight: number;
  readonly limit: number;
}

const number = { uri: 'sip:+12125550123@192.0.2.1', number: '+12125550123' };

/** Calls that stay up, each over the first trunk of its order that has room; where each went, undefined for nowhere. */
function place(carriers: readonly Carrier[], calls: number): (string | undefined)[] {
  const named = carriers.map((carrier, index) => ({ ...carrier, trunk: `carrier-${index}` }));
  const config = RoutingConfig.parse({
    version: 1,
    trunks: Object.fromEntries([
      ['agents', { sources: ['192.0.2.0/24'] }],
      ...named.map(({ trunk, limit }) => [
        trunk,
        { endpoints: [{ host: '203.0.113.1', port: 5060 }], limits: { calls: limit } },
      ]),
    ]),
    numbers: {},
    agents: {},
    routes: {
      us: { prefix: '+1', from: ['agents'], trunks: named.map(({ trunk, weight }) => ({ trunk, weight })) },
    },
  });
  const counters = countTrunks(heldClock());
  const route = config.routes['us'];
  if (!route) throw new Error('the route is gone');
  return Array.from({ length: calls }, (_, call) => {
    const routed = { callId: `01KB3M9T6J${call.toString().padStart(16, '0')}`, time: '2026-01-31T12:00:00Z' };
    const targets = trunkTargets({ ...routed, trunk: 'agents', from: number, to: number }, route, config);
    return targets.find(({ trunk = '' }) => counters.take(trunk, config.trunks[trunk]?.limits ?? {}))?.trunk;
  });
}

const count = (went: readonly (string | undefined)[], trunk: string | undefined) =>
  went.filter((each) => each === trunk).length;

test('calls over trunks are shared by weight, whatever the weights', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(weights, (all) => {
      const went = place(
        all.map((weight) => ({ weight, limit: 10_000 })),
        1_500,
      );
      const sum = all.reduce((total, weight) => total + weight, 0);
      for (const [index, weight] of all.entries()) {
        // Five standard deviations of 1,500 draws are 6.5 % at most.
        expect(Math.abs(count(went, `carrier-${index}`) / 1_500 - weight / sum)).toBeLessThan(0.065);
      }
    }),
    { numRuns: 25 },
  );
});

test('a trunk at its limit takes no call more, and none is refused while another has room', () => {
  const carrier = fc.record({
    weight: fc.integer({ min: 0, max: 9 }),
    limit: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(
    fc.property(fc.array(carrier, { minLength: 1, maxLength: 4 }), fc.nat(120), (carriers, calls) => {
      if (carriers.every(({ weight }) => weight === 0)) return;
      const went = place(carriers, calls);
      const room = carriers.reduce((sum, { limit }) => sum + limit, 0);
      for (const [index, { limit }] of carriers.entries())
        expect(count(went, `carrier-${index}`)).toBeLessThanOrEqual(limit);
      expect(count(went, undefined)).toBe(Math.max(0, calls - room));
    }),
    { numRuns: 100 },
  );
});
