import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FailedHops } from '../../../local/sip/locate/failed-hops.ts';
import { type Hops, Locator, type Reach } from '../../../local/sip/locate/locator.ts';
import type { Names, Naptr, Service } from '../../../local/sip/locate/names.ts';
import { inTurn, wanted } from '../../../local/sip/locate/order.ts';
import { targetOf, usualPort } from '../../../local/sip/locate/target.ts';

const service = (name: string, priority: number, weight: number): Service => ({
  name,
  port: 5060,
  priority,
  weight,
});

test.each([
  ['sip:bob@192.0.2.1', { host: '192.0.2.1', port: undefined, transport: undefined, secure: false }],
  ['sip:lab.test:5070;transport=TCP', { host: 'lab.test', port: 5070, transport: 'tcp', secure: false }],
  ['sips:lab.test;transport=tcp', { host: 'lab.test', port: undefined, transport: 'tls', secure: true }],
  ['sip:[2001:db8::1]:5060', { host: '2001:db8::1', port: 5060, transport: undefined, secure: false }],
  [
    'sip:lab.test;maddr=192.0.2.9',
    { host: '192.0.2.9', port: undefined, transport: undefined, secure: false },
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

test('services of a lower priority come first, whatever is drawn, and none is lost', () => {
  const services = fc.array(
    fc.record({ name: fc.uuid(), port: fc.nat(), priority: fc.nat(3), weight: fc.nat(9) }),
  );
  fc.assert(
    fc.property(services, fc.double({ min: 0, max: 0.999, noNaN: true }), (all, lot) => {
      const order = inTurn(all, () => lot);
      expect(new Set(order)).toEqual(new Set(all));
      expect(order.map(({ priority }) => priority)).toEqual(all.map(({ priority }) => priority).sort());
    }),
  );
});

test('among equals the weight decides how often one is first', () => {
  const services = [service('light', 0, 1), service('heavy', 0, 3), service('idle', 0, 0)];
  const firsts = Array.from({ length: 500 }, (_, lot) => inTurn(services, () => lot / 500)[0]?.name);
  const share = (name: string) => firsts.filter((first) => first === name).length / 500;
  expect(share('heavy')).toBeCloseTo(3 / 5, 2);
  expect(share('light')).toBeCloseTo(1 / 5, 2);
  expect(share('idle')).toBeCloseTo(1 / 5, 2);
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

test('what has failed is asked last for a time, for as long as it says, or until it works', () => {
  let now = 0;
  const failures = new FailedHops(() => now);
  const hops = ['a', 'b', 'c'].map((host) => ({ protocol: 'udp', host, port: 5060 }));
  const order = () =>
    failures
      .inOrder(hops)
      .map(({ host }) => host)
      .join('');
  const [first = { protocol: '', host: '', port: 0 }, second = first] = hops;
  failures.failed(first);
  failures.failed(second, 100);
  expect(order()).toBe('cab');
  now += 31_000;
  expect(order()).toBe('acb');
  failures.worked(second);
  expect(order()).toBe('abc');
});

/** The names of a table; what is not in it does not exist. */
const table = (
  all: Partial<Record<string, Service[]>>,
  addresses: Partial<Record<string, string[]>>,
): Names => ({
  naptr: () => Promise.resolve([]),
  srv: (name) => Promise.resolve(all[name] ?? []),
  addresses: (name, family) => Promise.resolve(addresses[`${name}/${family}`] ?? []),
});

const udp: Reach = { protocol: 'udp', family: 4 };
const udp6: Reach = { protocol: 'udp', family: 6 };
const tcp: Reach = { protocol: 'tcp', family: 4 };

const find = (locator: Locator, uri: string, reach: readonly Reach[]): Promise<string> =>
  new Promise((found) => {
    const print = (hops: Hops | undefined) =>
      (hops ?? []).map(({ protocol, host, port }) => `${protocol} ${host} ${port}`).join(', ');
    const target = targetOf(uri);
    if (target) locator.locate(target, reach, (hops) => found(print(hops)));
  });

test.each([
  ['an address, at once', 'sip:192.0.2.1', [udp], 'udp 192.0.2.1 5060'],
  ['an address of a kind we do not reach', 'sip:[2001:db8::1]', [udp], ''],
  ['a transport we do not have', 'sip:192.0.2.1;transport=tcp', [udp], ''],
  ['a SIPS URI without TLS', 'sips:lab.test', [udp, tcp], ''],
  ['a name without services', 'sip:plain.test', [udp], 'udp 192.0.2.7 5060'],
  [
    'a name without services, over both kinds of addresses',
    'sip:plain.test',
    [udp, udp6],
    'udp 192.0.2.7 5060, udp 2001:db8::7 5060',
  ],
  ['services of a transport we do not have', 'sip:lab.test', [udp], 'udp 192.0.2.8 5060'],
  ['services of a transport we have', 'sip:lab.test', [udp, tcp], 'tcp 192.0.2.1 5070'],
  ['a domain that says it has none', 'sip:none.test', [udp], ''],
  ['nobody', 'sip:nobody.test', [udp], ''],
])('%s', async (_what, uri, reach, hops) => {
  const locator = new Locator(
    table(
      {
        '_sip._tcp.lab.test': [{ name: 'one.test', port: 5070, priority: 0, weight: 0 }],
        '_sip._udp.none.test': [{ name: '.', port: 0, priority: 0, weight: 0 }],
      },
      {
        'plain.test/4': ['192.0.2.7'],
        'plain.test/6': ['2001:db8::7'],
        'one.test/4': ['192.0.2.1'],
        'lab.test/4': ['192.0.2.8'],
        'none.test/4': ['192.0.2.9'],
      },
    ),
  );
  expect(await find(locator, uri, reach)).toBe(hops);
});
