import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RoutingConfig } from '../../contracts/config.ts';
import { readReferTo } from '../../core/refer-to.ts';
import { routeReferred } from '../../core/route-referred.ts';
import { received } from './call-story.ts';

const config = RoutingConfig.parse({
  version: 1,
  trunks: {
    carrier: { sources: ['192.0.2.0/24'], endpoints: [{ host: '192.0.2.1' }], limits: { deny: ['+1900'] } },
    pbx: {
      sources: ['198.51.100.0/24'],
      users: { alice: { password: { env: 'ALICE' } } },
      registrar: { realm: 'pbx.example' },
    },
  },
  numbers: { '+15550100': { agent: 'desk' } },
  routes: { out: { prefix: '+1', from: ['pbx'], trunks: [{ trunk: 'carrier' }] } },
  agents: { desk: { targets: [{ uri: 'sip:desk@192.0.2.10:5070' }] } },
});

const call = { ...received, callId: '01KB3M9T6J0000000000000000', time: '2026-01-31T12:00:00.000Z' };

/** The first target, or why there is none. */
function wayTo(value: string, by?: string): string {
  const to = readReferTo(value);
  if (!to) return 'unreadable';
  const route = routeReferred(to, { ...call, trunk: by ?? call.trunk }, config, by);
  return route.action === 'connect' ? (route.targets[0]?.uri ?? '') : route.reason;
}

describe('a Refer-To', () => {
  test.each([
    ['<sip:+15550111@anywhere.example>', 'sip:+15550111@192.0.2.1'],
    ['"Sales" <sip:+15550111@[2001:db8::1]:5070;user=phone>;x=1', 'sip:+15550111@192.0.2.1'],
    ['sip:+15550111@edge', 'sip:+15550111@192.0.2.1'],
    ['<tel:+1-555-0111>', 'sip:+15550111@192.0.2.1'],
    ['<sip:%2B15550111@edge;method=INVITE?X-Evil=1>', 'sip:+15550111@192.0.2.1'],
    ['<sip:+15550100@edge>', 'sip:desk@192.0.2.10:5070'],
    ['<sip:desk@192.0.2.10:5070>', 'sip:desk@192.0.2.10:5070'],
    ['<sip:desk@edge>', 'sip:desk@192.0.2.10:5070'],
    ['<sip:alice@PBX.example>', 'sip:alice@pbx.example'],
  ])('of an agent, %s, leads to %s', (value, uri) => {
    expect(wayTo(value)).toBe(uri);
  });

  test.each([
    ['<sip:root@10.0.0.1>', 'unknown-number'],
    ['<sip:+442071234567@edge>', 'unknown-number'],
    ['<sip:+19005550100@edge>', 'destination-denied'],
    ['<sip:constructor@edge>', 'unknown-number'],
    ['<sip:+15550111@edge;method=BYE>', 'unreadable'],
    ['<sip:a@b>, <sip:c@d>', 'unreadable'],
    ['<http://example.com/>', 'unreadable'],
    ['<sip:+1555\r\nX: y@edge>', 'unreadable'],
    ['<sip:a%0d%0aX@edge>', 'unreadable'],
    [`<sip:${'9'.repeat(3_000)}@edge>`, 'unreadable'],
    ['<sip:a@b?Replaces=1%3Bto-tag%3D2>', 'unreadable'],
    ['', 'unreadable'],
  ])('%j leads nowhere: %s', (value, why) => {
    expect(wayTo(value)).toBe(why);
  });

  test.each([
    ['carrier', '<sip:+15550111@edge>', 'unknown-number'],
    ['carrier', '<sip:+15550100@edge>', 'sip:desk@192.0.2.10:5070'],
    ['carrier', '<sip:desk@192.0.2.10:5070>', 'unknown-number'],
    ['carrier', '<sip:desk@edge>', 'unknown-number'],
    ['carrier', '<sip:alice@pbx.example>', 'unknown-number'],
    ['pbx', '<sip:+15550111@edge>', 'sip:+15550111@192.0.2.1'],
    ['pbx', '<sip:alice@pbx.example>', 'sip:alice@pbx.example'],
  ])('of trunk %s goes where that trunk could call: %s is %s', (by, value, way) => {
    expect(wayTo(value, by)).toBe(way);
  });

  test('with Replaces names a dialog', () => {
    const value = '<sip:x@edge?Replaces=12345%40192.0.2.1%3Bto-tag%3D7743%3Bfrom-tag%3D6472&X=1>';
    expect(readReferTo(value)?.replaces).toEqual({
      ...{ callId: '12345@192.0.2.1', toTag: '7743', fromTag: '6472' },
      text: '12345@192.0.2.1;to-tag=7743;from-tag=6472',
    });
  });

  test('nothing makes the reader throw or hang', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 4_000 }), (text) => {
        readReferTo(text);
        readReferTo(`<sip:${text}@edge>`);
        readReferTo(`<sip:x@edge?Replaces=${text}>`);
      }),
    );
    const many = ';a'.repeat(1_000);
    expect(readReferTo(`<sip:x@edge${many}>${many}<`)).toBeUndefined();
  });
});
