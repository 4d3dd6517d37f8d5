import { describe, expect, test } from 'vitest';
import { RoutingConfig, type RoutingConfigInput } from '../../contracts/config.ts';
import { findRoute, type RoutedCall } from '../../core/find-route.ts';
import { withinHours } from '../../core/within-hours.ts';
import { aCallReceived, callId } from './call-story.ts';

const config = (changes: Partial<RoutingConfigInput>) =>
  RoutingConfig.parse({
    version: 1,
    trunks: {
      agents: { sources: ['10.0.0.0/8'] },
      carrier: {
        sources: ['203.0.113.0/24'],
        endpoints: [{ host: 'sip.carrier.example', transport: 'tls' }],
      },
      cheap: {
        endpoints: [
          { host: '198.51.100.7', port: 5080, priority: 1 },
          { host: '2001:db8::7', port: 5060, priority: 2 },
        ],
        limits: { deny: ['+1900'] },
      },
    },
    numbers: { '+15550100': { agent: 'desk' } },
    agents: { desk: { targets: [{ uri: 'sip:desk@192.0.2.10' }] } },
    routes: {
      world: { prefix: '+', from: ['agents'], trunks: [{ trunk: 'carrier' }] },
      us: {
        prefix: '+1',
        from: ['agents'],
        trunks: [
          { trunk: 'carrier', priority: 2 },
          { trunk: 'cheap', priority: 1 },
        ],
      },
    },
    ...changes,
  });

const number = (dialled: string) => ({ uri: `sip:${dialled}@192.0.2.1`, number: dialled });

function routed(changes: Partial<RoutedCall>, configured: Partial<RoutingConfigInput> = {}) {
  const told: string[] = [];
  const call = { ...aCallReceived(), trunk: 'agents', ...changes };
  const route = findRoute(call, config(configured), (rule, outcome) => told.push(`${rule}: ${outcome}`));
  return { route, told };
}

describe('a call out', () => {
  test('takes the longest prefix, trunk by trunk and endpoint by endpoint', () => {
    const { route } = routed({ to: number('+12125550123') });
    expect(route).toMatchObject({
      action: 'connect',
      outbound: 'us',
      targets: [
        { id: 'cheap-1', trunk: 'cheap', uri: 'sip:+12125550123@198.51.100.7:5080' },
        { id: 'cheap-2', trunk: 'cheap', uri: 'sip:+12125550123@[2001:db8::7]:5060' },
        { id: 'carrier-1', trunk: 'carrier', uri: 'sip:+12125550123@sip.carrier.example;transport=tls' },
      ],
    });
    expect(route).not.toHaveProperty('agent');
  });

  test('is open to the trunks of the route alone', () => {
    const { route, told } = routed({ to: number('+12125550123'), trunk: 'carrier' });
    expect(route).toEqual({ action: 'refuse', reason: 'unknown-number' });
    expect(told).toContain('routes.us: takes +1…, but not from trunk "carrier"');
  });

  test('leaves out a trunk that may not call this number', () => {
    const { route, told } = routed({ to: number('+19005550123') });
    expect(route).toMatchObject({ targets: [{ id: 'carrier-1' }] });
    expect(told).toContain('trunks.cheap.limits: deny +1900: +19005550123 is not called over this trunk');
  });

  test('that no trunk may call is refused as a choice of the policy', () => {
    const { trunks } = config({});
    const limits = { allow: ['+44'] };
    const both = {
      ...trunks,
      carrier: { ...trunks['carrier'], limits },
      cheap: { ...trunks['cheap'], limits },
    };
    const { route } = routed({ to: number('+12125550123') }, { trunks: both });
    expect(route).toEqual({ action: 'refuse', reason: 'destination-denied' });
  });

  test.each(['+1212;phone-context=x', '+1@evil.example', '+1\r\nVia: x', `+1${'0'.repeat(40)}`, '+1abc'])(
    'to %j is no number that is dialled',
    (dialled) => {
      expect(routed({ to: number(dialled) }).route).toEqual({ action: 'refuse', reason: 'unknown-number' });
    },
  );

  test('a number of our own is answered here, not called out', () => {
    expect(routed({ to: number('+15550100') }).route).toMatchObject({ agent: 'desk' });
  });

  test('over trunks of equal priority is shared by their weights', () => {
    const us = {
      prefix: '+1',
      from: ['agents'],
      trunks: [
        { trunk: 'carrier', weight: 3 },
        { trunk: 'cheap', weight: 1 },
      ],
    };
    const first = Array.from({ length: 2_000 }, (_, index) => {
      const { route } = routed(
        { callId: `${callId.slice(0, 20)}${index}`, to: number('+12125550123') },
        { routes: { us } },
      );
      return route.action === 'connect' ? route.targets[0]?.trunk : undefined;
    });
    const share = first.filter((trunk) => trunk === 'carrier').length / first.length;
    expect(share).toBeGreaterThan(0.7);
    expect(share).toBeLessThan(0.8);
  });
});

describe('rules of a number', () => {
  const numbers = {
    '+15550100': {
      rules: [
        { callers: ['+1666*'], reject: 603 },
        { trunks: ['carrier'], callers: ['anonymous'], reject: 433 },
        {
          agent: 'desk',
          hours: { timezone: 'Europe/Berlin', days: ['mon' as const], from: '09:00', to: '17:00' },
        },
      ],
    },
  };
  const call = (changes: Partial<RoutedCall>) => routed({ to: number('+15550100'), ...changes }, { numbers });
  const monday = '2026-11-23T08:30:00.000Z';

  test('the first that holds is the route', () => {
    expect(call({ time: monday }).route).toMatchObject({ agent: 'desk' });
    expect(call({ time: monday, from: number('+16661234') }).route).toMatchObject({ sipStatus: 603 });
    expect(call({ time: monday, from: number('anonymous'), trunk: 'carrier' }).route).toMatchObject({
      sipStatus: 433,
    });
  });

  test('a hidden caller is anonymous, though a trusted trunk told us its number', () => {
    expect(call({ time: monday, hidden: true, trunk: 'carrier' }).route).toMatchObject({ sipStatus: 433 });
  });

  test('where none holds the call is refused, and each is told with the reason', () => {
    const { route, told } = call({ time: '2026-11-23T16:00:00.000Z', from: number('+15551234') });
    expect(route).toEqual({ action: 'refuse', reason: 'rejected-by-route' });
    expect(told).toEqual([
      'numbers.+15550100: is listed',
      'numbers.+15550100.rules.0: caller "+15551234" is not one of +1666*',
      'numbers.+15550100.rules.1: trunk "agents" is not one of carrier',
      'numbers.+15550100.rules.2: 2026-11-23T16:00:00.000Z is not within 09:00 to 17:00 Europe/Berlin, mon',
      'numbers.+15550100.rules: no rule holds: the call is refused',
    ]);
  });
});

describe('hours', () => {
  const office = {
    timezone: 'Europe/Berlin',
    days: ['mon', 'tue'] as ('mon' | 'tue')[],
    from: '09:00',
    to: '17:00',
  };
  const night = { ...office, from: '22:00', to: '06:00' };

  test.each([
    ['2026-11-23T07:59:59Z', office, false],
    ['2026-11-23T08:00:00Z', office, true],
    ['2026-11-23T15:59:59Z', office, true],
    ['2026-11-23T16:00:00Z', office, false],
    ['2026-11-25T10:00:00Z', office, false],
    // Summer time: an hour earlier in UTC.
    ['2026-06-22T07:00:00Z', office, true],
    // A night lasts past the midnight of its day.
    ['2026-11-23T21:00:00Z', night, true],
    ['2026-11-25T04:59:00Z', night, true],
    ['2026-11-25T05:00:00Z', night, false],
    ['2026-11-23T04:00:00Z', night, false],
    ['2026-11-25T22:00:00Z', night, false],
  ])('%s', (time, hours, within) => {
    expect(withinHours(time, hours)).toBe(within);
  });
});
