import { describe, expect, test } from 'vitest';
import type { Destination } from '../../contracts/commands.ts';
import { RoutingConfig } from '../../contracts/config.ts';
import { routeTo } from '../../core/route-to.ts';
import { at, callId } from './call-story.ts';

const config = RoutingConfig.parse({
  version: 1,
  trunks: {
    west: { endpoints: [{ host: '198.51.100.7' }], limits: { deny: ['+1900'] } },
    phones: { users: { ada: { password: { env: 'ADA' } } }, registrar: { realm: 'phones.example' } },
  },
  numbers: { '+15550100': { agent: 'desk' }, '+15550101': { reject: 404 } },
  routes: {
    us: { prefix: '+1', from: ['west'], trunks: [{ trunk: 'west' }] },
    world: { prefix: '+', from: ['phones'], trunks: [{ trunk: 'west' }] },
  },
  agents: {
    desk: {
      targets: [
        { uri: 'sip:desk@192.0.2.10', priority: 1 },
        { uri: 'sip:desk@192.0.2.11', priority: 2 },
      ],
    },
  },
});

const party = { uri: 'sip:nobody@localhost', number: '' };
const to = (destination: Destination) =>
  routeTo(destination, { callId, trunk: '', from: party, to: party, time: at(0) }, config);
const uris = (destination: Destination) => {
  const route = to(destination);
  return route.action === 'connect' ? route.targets.map(({ uri }) => uri) : route.reason;
};

describe('the way to somebody whom a command names', () => {
  test('a number that is listed leads where a call to it would', () => {
    expect(uris({ number: '+15550100' })).toEqual(['sip:desk@192.0.2.10', 'sip:desk@192.0.2.11']);
    expect(to({ number: '+15550101' })).toMatchObject({ reason: 'rejected-by-route', sipStatus: 404 });
  });

  test('any other number goes out over the longest prefix, whoever may take that route otherwise', () => {
    expect(to({ number: '+15550199' })).toMatchObject({ outbound: 'us', targets: [{ trunk: 'west' }] });
    expect(uris({ number: '+4989123' })).toEqual(['sip:+4989123@198.51.100.7']);
  });

  test.each([
    ['a number that the trunk may not call', { number: '+19001234' }, 'destination-denied'],
    ['a number of no route', { number: '112' }, 'unknown-number'],
    ['an agent that is not there', { agent: 'constructor' }, 'unknown-number'],
    ['a user that is not there', { user: 'bob', trunk: 'phones' }, 'unknown-number'],
    ['a user of a trunk without users', { user: 'ada', trunk: 'west' }, 'unknown-number'],
    ['an address that is no target of ours', { uri: 'sip:anybody@203.0.113.66' }, 'unknown-number'],
  ] as const)('%s is refused', (_what, destination, reason) => {
    expect(uris(destination)).toBe(reason);
  });

  test('a user is called where it is registered', () => {
    expect(to({ user: 'ada', trunk: 'phones' })).toMatchObject({
      targets: [{ user: 'ada', trunk: 'phones', uri: 'sip:ada@phones.example' }],
    });
  });

  test('a target of an agent is called alone', () => {
    expect(to({ uri: 'sip:desk@192.0.2.11' })).toMatchObject({ agent: 'desk', targets: [{ id: 'desk-2' }] });
  });
});
