import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  findServers,
  type KnownNames,
  type Naptr,
  type Reach,
  type Service,
  wanted,
} from '../../core/find-servers.ts';
import { orderTargets } from '../../core/order-targets.ts';
import { targetOf, usualPort } from '../../core/sip-target.ts';

test.each([
  ['sip:bob@192.0.2.1', { host: '192.0.2.1', port: undefined, transport: undefined, secure: false }],
  ['sip:lab.test:5070;transport=TCP', { host: 'lab.test', port: 5070, transport: 'tcp', secure: false }],
  ['sips:lab.test;transport=tcp', { host: 'lab.test', port: undefined, transport: 'tls', secure: true }],
  ['sip:[2001:db8::1]:5060', { host: '2001:db8::1', port: 5060, transport: undefined, secure: false }],
  [
    'sip:lab.test;maddr=192.0.2.9',
    { host: '192.0.2.9', name: 'lab.test', port: undefined, transport: undefined, secure: false },
  ],
  ['tel:+15551234567', undefined],
])('%s says where it leads', (uri, target) => {
  expect(targetOf(uri)).toEqual(target);
});

test.each([
  ['udp', 5060],
  ['tcp', 5060],
  ['tls', 5061],
  ['ws', 80],
  ['wss', 443],
])('the usual port of %s is %i', (transport, port) => {
  expect(usualPort(transport)).toBe(port);
});

const naptrRecord = (serviceName: string, order: number, preference = 0, flags = 's'): Naptr => ({
  service: serviceName,
  flags,
  replacement: `${serviceName}.test`,
  order,
  preference,
});

test('NAPTR records are read by order and preference; those that end in no services are left out', () => {
  const records = [
    naptrRecord('SIP+D2U', 2, 1),
    naptrRecord('SIP+D2T', 2, 0),
    naptrRecord('sips+d2t', 1),
    naptrRecord('E2U+sip', 0, 0, 'u'),
    naptrRecord('SIP+D2X', 0),
  ];
  expect(wanted(records, false).map(({ transport }) => transport)).toEqual(['tls', 'tcp', 'udp']);
  expect(wanted(records, true).map(({ transport }) => transport)).toEqual(['tls']);
});

const udp: Reach = { protocol: 'udp', family: 4 };
const udp6: Reach = { protocol: 'udp', family: 6 };
const tcp: Reach = { protocol: 'tcp', family: 4 };
const tls: Reach = { protocol: 'tls', family: 4 };

interface Zone {
  readonly naptr?: Readonly<Record<string, readonly Naptr[]>>;
  readonly srv?: Readonly<Record<string, readonly Service[]>>;
  readonly a?: Readonly<Record<string, readonly string[]>>;
  readonly aaaa?: Readonly<Record<string, readonly string[]>>;
}

/** What comes of a URI, and every question on the way, where DNS knows this zone and nothing else. */
function follow(uri: string, zone: Zone, reach: readonly Reach[] = [udp, tcp]) {
  const asked: string[] = [];
  const heard = new Set<string>();
  const known: KnownNames = {
    naptr: (name) => (heard.has(`NAPTR ${name}`) ? (zone.naptr?.[name] ?? []) : undefined),
    srv: (name) => (heard.has(`SRV ${name}`) ? (zone.srv?.[name] ?? []) : undefined),
    addresses: (type, name) =>
      heard.has(`${type} ${name}`) ? ((type === 'A' ? zone.a : zone.aaaa)?.[name] ?? []) : undefined,
  };
  const target = targetOf(uri);
  if (!target) throw new Error(`${uri} cannot be followed`);
  for (;;) {
    const found = findServers(target, reach, known, (services) => orderTargets(services, 'a call'));
    if ('servers' in found) {
      return {
        asked,
        servers: found.servers.map(({ protocol, host, port }) => `${protocol} ${host}:${port}`),
      };
    }
    expect(found.ask).not.toEqual([]);
    for (const { type, name } of found.ask) {
      expect(heard).not.toContain(`${type} ${name}`);
      heard.add(`${type} ${name}`);
      asked.push(`${type} ${name}`);
    }
  }
}

const service = (name: string, port: number, priority = 0, weight = 1): Service => ({
  ...{ name, port, priority, weight },
});

test('a name is asked for its services, and each of these for its address, together', () => {
  const zone = {
    srv: { '_sip._udp.lab.test': [service('two.test', 5062, 20), service('one.test', 5061, 10)] },
    a: { 'one.test': ['192.0.2.1', '192.0.2.11'], 'two.test': ['192.0.2.2'] },
  };
  expect(follow('sip:1@lab.test;transport=udp', zone)).toEqual({
    asked: ['SRV _sip._udp.lab.test', 'A one.test', 'A two.test'],
    servers: ['udp 192.0.2.1:5061', 'udp 192.0.2.11:5061', 'udp 192.0.2.2:5062'],
  });
});

test('a port that is named asks for the address alone, of each kind that is reached', () => {
  const zone = { a: { 'lab.test': ['192.0.2.1'] }, aaaa: { 'lab.test': ['2001:db8::1'] } };
  expect(follow('sip:lab.test:5070', zone, [udp, udp6])).toEqual({
    asked: ['A lab.test', 'AAAA lab.test'],
    servers: ['udp 192.0.2.1:5070', 'udp 2001:db8::1:5070'],
  });
});

test('where no transport is named the domain says which it wants; of these the first that we have is taken', () => {
  const zone = {
    naptr: {
      'lab.test': [naptrRecord('SIP+D2U', 2), naptrRecord('SIPS+D2T', 1), naptrRecord('SIP+D2T', 3)],
    },
    srv: { 'SIP+D2U.test': [service('one.test', 5061)] },
    a: { 'one.test': ['192.0.2.1'] },
  };
  const { servers, asked } = follow('sip:lab.test', zone);
  expect(servers).toEqual(['udp 192.0.2.1:5061']);
  expect(asked).toEqual(['NAPTR lab.test', 'SRV SIP+D2U.test', 'A one.test']);
});

test('a SIPS URI is never led to a transport that anybody can read', () => {
  const zone = {
    srv: { '_sip._udp.lab.test': [service('one.test', 1)], '_sips._tcp.lab.test': [service('one.test', 2)] },
    a: { 'one.test': ['192.0.2.1'] },
  };
  expect(follow('sips:lab.test', zone, [udp, tcp, tls]).servers).toEqual(['tls 192.0.2.1:2']);
  expect(follow('sips:lab.test', zone, [udp, tcp]).servers).toEqual([]);
});

test('a domain that says it has no service has none, though its name has an address (RFC 2782)', () => {
  const zone = {
    srv: { '_sip._udp.lab.test': [service('.', 0)] },
    a: { 'lab.test': ['192.0.2.1'] },
  };
  expect(follow('sip:lab.test;transport=udp', zone).servers).toEqual([]);
});

test('services that never end are followed once: whatever a zone holds, no question is asked twice', () => {
  const names = fc.constantFrom('lab.test', 'one.test', 'two.test', '.');
  const services = fc.array(
    fc.record({ name: names, port: fc.nat(65_535), priority: fc.nat(3), weight: fc.nat(9) }),
    { maxLength: 6 },
  );
  const addresses = fc.dictionary(
    names,
    fc.array(fc.constantFrom('192.0.2.1', '192.0.2.2'), { maxLength: 3 }),
  );
  fc.assert(
    fc.property(services, services, addresses, (overUdp, overTcp, a) => {
      const zone = { srv: { '_sip._udp.lab.test': overUdp, '_sip._tcp.lab.test': overTcp }, a };
      expect(follow('sip:lab.test', zone).asked.length).toBeLessThanOrEqual(8);
    }),
  );
});
