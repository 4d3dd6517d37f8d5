import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterProbe, type EndpointHealth, notYetAsked } from '../../core/endpoint-health.ts';

const probe = { down: 2, of: 3, up: 2 };
const after = (outcomes: string, from: EndpointHealth = notYetAsked) =>
  [...outcomes].reduce((health, outcome) => afterProbe(health, outcome === '+', probe), from).up;

test.each([
  ['', true],
  ['-', true],
  ['--', false],
  ['-+-', false],
  ['-++-', true],
  ['--+', false],
  ['--++', true],
  ['--+-++', true],
  ['--+-+-+-', false],
  ['--++-', true],
  ['--++--', false],
])('after %j an endpoint is up: %s', (outcomes, up) => {
  expect(after(outcomes)).toBe(up);
});

test('an endpoint that always answers never goes down, and one that never does is down after as many as it takes', () => {
  const probes = fc
    .record({ of: fc.integer({ min: 1, max: 10 }), up: fc.integer({ min: 1, max: 10 }), share: fc.nat(9) })
    .map(({ of, up, share }) => ({ of, up, down: 1 + (share % of) }));
  fc.assert(
    fc.property(probes, fc.nat(30), (given, times) => {
      let [well, ill] = [notYetAsked, notYetAsked];
      for (let time = 1; time <= times; time += 1) {
        well = afterProbe(well, true, given);
        ill = afterProbe(ill, false, given);
        expect(well.up).toBe(true);
        expect(ill.up).toBe(time < given.down);
      }
    }),
  );
});
