import { describe, expect, test } from 'vitest';
import { RoutingConfig } from '../../contracts/config.ts';
import { faultsOf } from '../../contracts/refusal.ts';

const registrar = { realm: 'phones.example' };
const users = { alice: { password: { env: 'ALICE' } } };
const configOf = (trunks: object, target: object = { user: 'alice', trunk: 'office' }) => ({
  version: 1,
  trunks,
  numbers: { '*': { agent: 'desk' } },
  agents: { desk: { targets: [target] } },
});

function faults(input: unknown): string[] {
  const { error } = RoutingConfig.safeParse(input);
  return error ? faultsOf(error, input).map(({ path, message }) => `${path}: ${message}`) : [];
}

describe('users of a trunk', () => {
  test('are enough for a trunk, and their registrar is filled with defaults', () => {
    expect(RoutingConfig.parse(configOf({ office: { registrar, users } }))).toMatchObject({
      trunks: {
        office: {
          registrar: {
            ...{ realm: 'phones.example', algorithms: ['SHA-256', 'MD5'], maxBindings: 5 },
            ...{ minExpiresSeconds: 60, maxExpiresSeconds: 3_600 },
          },
        },
      },
      agents: { desk: { targets: [{ user: 'alice', trunk: 'office', priority: 1, weight: 1 }] } },
    });
  });

  test.each([
    ['users without a registrar', { office: { users } }, 'trunks.office.users: need a registrar'],
    [
      'a registrar without users',
      { office: { registrar, users }, other: { sources: ['192.0.2.0/24'], registrar } },
      'trunks.other.registrar: is of no use without users',
    ],
    [
      'a password in the file',
      { office: { registrar, users: { alice: { password: 'wonderland' } } } },
      'trunks.office.users.alice.password',
    ],
    [
      'the same user of the same realm twice',
      { office: { registrar, users }, other: { sources: ['192.0.2.0/24'], registrar, users } },
      'trunks.other.users.alice: "alice" of realm "phones.example" is trunk "office" already',
    ],
    [
      'less time at most than at least',
      { office: { registrar: { ...registrar, maxExpiresSeconds: 30 }, users } },
      'trunks.office.registrar.minExpiresSeconds: must be at most maxExpiresSeconds',
    ],
  ])('%s are refused, with the remedy', (_what, trunks, fault) => {
    const found = faults(configOf(trunks));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(fault);
    expect(found[0]).not.toContain('wonderland');
  });
});

describe('a target', () => {
  test.each([
    [
      { user: 'alcie', trunk: 'office' },
      'user: "alcie" is not a user of trunk "office"; its users are: alice',
    ],
    [{ user: 'alice', trunk: 'ofice' }, 'trunk: "ofice" is not a trunk of this file; trunks are: office'],
  ])('%j that does not exist is refused', (target, fault) => {
    expect(faults(configOf({ office: { registrar, users } }, target))[0]).toContain(
      `agents.desk.targets.0.${fault}`,
    );
  });

  test.each([
    [{ uri: 'mailto:desk@example' }, /targets\.0\.uri: must be a SIP URI/],
    [{ user: 'alice' }, /targets\.0/],
    [{ uri: 'sip:a@192.0.2.1', user: 'alice', trunk: 'office' }, /targets\.0/],
  ])('%j is refused at its place', (target, fault) => {
    expect(faults(configOf({ office: { registrar, users } }, target)).join('\n')).toMatch(fault);
  });
});
