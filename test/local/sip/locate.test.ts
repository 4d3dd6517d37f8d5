import { expect, test } from 'vitest';
import type { Service } from '../../../core/find-servers.ts';
import { targetOf } from '../../../core/sip-target.ts';
import { FailedHops } from '../../../local/sip/locate/failed-hops.ts';
import { type Hops, Locator, type Reach } from '../../../local/sip/locate/locator.ts';
import type { Names } from '../../../local/sip/locate/names.ts';

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
