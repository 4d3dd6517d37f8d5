import { describe, expect, test } from 'vitest';
import { identifyCaller } from '../../core/identify-caller.ts';
import { trunksOfSource } from '../../core/identify-trunk.ts';

const account = { in: { username: 'pbx' } };
const trunks = {
  carrier: { sources: ['192.0.2.0/24'] },
  both: { sources: ['198.51.100.0/24'], authentication: account },
  roaming: { sources: [], authentication: account },
  phones: { sources: [], users: { alice: {} } },
  outbound: { sources: [] },
};

describe('a caller', () => {
  test.each([
    ['by the address alone', { bySource: ['carrier'] }, 'carrier'],
    ['by digest alone', { bySource: [], byDigest: 'roaming' }, 'roaming'],
    ['by address and digest', { bySource: ['both'], byDigest: 'both' }, 'both'],
    ['by a registered contact', { bySource: [], byContact: 'phones' }, 'phones'],
    ['by digest and contact that agree', { bySource: [], byDigest: 'phones', byContact: 'phones' }, 'phones'],
  ])('is known %s', (_, evidence, trunk) => {
    expect(identifyCaller(evidence, trunks)).toEqual({ trunk });
  });

  test.each([
    ['an address and a digest', { bySource: ['carrier'], byDigest: 'roaming' }, ['carrier', 'roaming']],
    [
      'a digest and a contact',
      { bySource: [], byDigest: 'roaming', byContact: 'phones' },
      ['roaming', 'phones'],
    ],
    ['a digest that wants another address', { bySource: ['carrier'], byDigest: 'both' }, ['carrier', 'both']],
  ])('is nobody where %s name two trunks, and both are told', (_, evidence, names) => {
    const refused = identifyCaller(evidence, trunks);
    expect(refused).toMatchObject({ trunk: undefined, reason: 'ambiguous', trunks: names });
    for (const name of names) expect(refused).toMatchObject({ why: expect.stringContaining(`"${name}"`) });
  });

  test('of two trunks with the same block is ambiguous', () => {
    const same = { one: { sources: ['192.0.2.0/24'] }, two: { sources: ['192.0.2.0/24', '192.0.0.0/8'] } };
    const bySource = trunksOfSource('192.0.2.7', same);
    expect(identifyCaller({ bySource }, same)).toMatchObject({ reason: 'ambiguous', trunks: ['one', 'two'] });
  });

  test('whose digest is right and whose address is not its own is unknown', () => {
    expect(identifyCaller({ bySource: [], byDigest: 'both' }, trunks)).toMatchObject({
      reason: 'unknown',
      why: 'proves to be trunk "both", from an address that is not its own',
    });
  });

  test('may be whom it can still prove to be', () => {
    const refused = identifyCaller({ bySource: ['both'] }, trunks);
    expect(refused).toMatchObject({ reason: 'unproven', trunks: ['both', 'roaming', 'phones'] });
    expect(identifyCaller({ bySource: [] }, trunks)).toMatchObject({ trunks: ['roaming', 'phones'] });
  });

  test('is unknown where nobody could be proven; a trunk that only takes calls is nobody', () => {
    const { carrier, outbound } = trunks;
    expect(identifyCaller({ bySource: [] }, { carrier, outbound })).toMatchObject({
      reason: 'unknown',
      trunks: [],
    });
  });
});
