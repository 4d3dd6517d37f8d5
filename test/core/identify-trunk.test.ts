import { describe, expect, test } from 'vitest';
import { identifyTrunk } from '../../core/identify-trunk.ts';

const trunks = {
  wide: { sources: ['203.0.113.0/24', '2001:db8::/32'] },
  narrow: { sources: ['203.0.113.128/25', '198.51.100.7/32'] },
  one: { sources: ['203.0.113.200/32', '2001:db8:1::/48'] },
};

describe('the trunk of a source address', () => {
  test.each([
    ['203.0.113.1', 'wide'],
    ['203.0.113.129', 'narrow'],
    ['203.0.113.200', 'one'],
    ['198.51.100.7', 'narrow'],
    ['2001:db8::1', 'wide'],
    ['2001:db8:1:2::3', 'one'],
    ['::ffff:203.0.113.200', 'one'],
    ['::ffff:cb00:7101', 'wide'],
  ])('%s belongs to %s: the longest prefix wins', (address, trunk) => {
    expect(identifyTrunk(address, trunks)).toBe(trunk);
  });

  test.each(['198.51.100.8', '203.0.114.1', '2001:db9::1', '::1'])('%s belongs to nobody', (address) => {
    expect(identifyTrunk(address, trunks)).toBeUndefined();
  });

  test.each([
    '',
    'carrier.example',
    '203.0.113',
    '203.0.113.1.2',
    '3405803777',
    '0xcb.0.0x71.1',
    '203.0.113.1/24',
    '[2001:db8::1]',
  ])('"%s" is no address and belongs to nobody', (address) => {
    expect(identifyTrunk(address, trunks)).toBeUndefined();
  });

  test('two trunks with the same block: the order of the file does not matter', () => {
    const a = { sources: ['192.0.2.0/24'] };
    expect(identifyTrunk('192.0.2.1', { b: a, a })).toBe('a');
    expect(identifyTrunk('192.0.2.1', { a, b: a })).toBe('a');
  });

  test('a block of IPv4-mapped addresses means the IPv4 block; the whole of IPv6 does not hold IPv4', () => {
    const mapped = { carrier: { sources: ['::ffff:cb00:7100/120'] } };
    expect(identifyTrunk('203.0.113.9', mapped)).toBe('carrier');
    expect(identifyTrunk('203.0.114.9', mapped)).toBeUndefined();
    expect(identifyTrunk('203.0.113.9', { carrier: { sources: ['::/0'] } })).toBeUndefined();
  });
});
