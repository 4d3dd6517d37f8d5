import pDefer from 'p-defer';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import type { Service } from '../../../core/find-servers.ts';
import type { Dns, DnsAnswer } from '../../../edge-node/ports.ts';
import { findByName } from '../../../edge-node/signaling/trunks/find-server.ts';
import { keepNames } from '../../../edge-node/signaling/trunks/known-names.ts';
import { heldClock } from '../held-clock.ts';

const service = (name: string, priority = 1, weight = 1): Service => ({
  ...{ name, port: 5070, priority, weight },
});

/** DNS in the hand of the test: a zone that may change, be slow, or away. */
function aLab(contacts = ['udp/192.0.2.9:5060', 'tls/192.0.2.9:5061', 'udp/[2001:db8::9]:5060']) {
  const clock = heldClock();
  const asked: string[] = [];
  const zone = new Map<string, readonly unknown[]>();
  const lab = { away: false, held: undefined as Promise<void> | undefined, ttlSeconds: 60 };
  const answer = async <T>(key: string): Promise<DnsAnswer<T>> => {
    asked.push(key);
    await lab.held;
    if (lab.away) throw new Error('ETIMEOUT');
    return { records: (zone.get(key) ?? []) as T[], ttlSeconds: lab.ttlSeconds };
  };
  const dns: Dns = {
    naptr: (name) => answer(`NAPTR ${name}`),
    srv: (name) => answer(`SRV ${name}`),
    addresses: (type, name) => answer(`${type} ${name}`),
    [Symbol.asyncDispose]: async () => {},
  };
  const names = keepNames({ dns, clock, logger: pino({ level: 'silent' }) });
  const finder = findByName(names, () => contacts);
  const find = async (uri: string, seed = 'a call') =>
    (await finder.find(uri, seed)).map(({ server, nextHop }) => `${server} by ${nextHop ?? 'its URI'}`);
  return { clock, asked, zone, lab, find };
}

const NAME = 'sip:1@lab.test;transport=udp';
const SRV = 'SRV _sip._udp.lab.test';

function withOne() {
  const all = aLab();
  all.zone.set(SRV, [service('one.test')]).set('A one.test', ['192.0.2.1']);
  return all;
}

const viaOne = '192.0.2.1:5070;transport=udp by sip:192.0.2.1:5070;transport=udp';

describe('a URI leads', () => {
  test.each([
    ['sip:1@192.0.2.1:5080', '192.0.2.1:5080;transport=udp by its URI'],
    ['sip:1@192.0.2.1;transport=tls', '192.0.2.1:5061;transport=tls by its URI'],
    ['sip:1@[2001:db8::1]', '[2001:db8::1]:5060;transport=udp by its URI'],
  ])('to the address in it, and DNS is not asked: %s', async (uri, place) => {
    const { find, asked } = aLab();
    expect(await find(uri)).toEqual([place]);
    expect(asked).toEqual([]);
  });

  test('over TLS to an address beside the name for which the certificate has to be valid', async () => {
    const { find, zone } = aLab();
    zone.set('SRV _sips._tcp.lab.test', [service('one.test')]).set('A one.test', ['192.0.2.1']);
    expect(await find('sip:1@lab.test;transport=tls')).toEqual([
      '192.0.2.1:5070;transport=tls by sip:lab.test:5070;transport=tls;maddr=192.0.2.1',
    ]);
  });

  test('to every server of its name, each address once, the weights drawn by call', async () => {
    const { find, zone } = aLab();
    zone
      .set(SRV, [service('last.test', 2), service('light.test', 1, 1), service('heavy.test', 1, 3)])
      .set('A last.test', ['192.0.2.3'])
      .set('AAAA last.test', ['2001:db8::3'])
      .set('A light.test', ['192.0.2.1', '192.0.2.1'])
      .set('A heavy.test', ['192.0.2.2']);
    const first = await find(NAME, 'one call');
    expect(first.slice(2)).toEqual([
      '192.0.2.3:5070;transport=udp by sip:192.0.2.3:5070;transport=udp',
      '[2001:db8::3]:5070;transport=udp by sip:[2001:db8::3]:5070;transport=udp',
    ]);
    expect(await find(NAME, 'one call')).toEqual(first);
    let heavy = 0;
    for (let call = 0; call < 2_000; call += 1) {
      const [server = ''] = await find(NAME, `call ${call}`);
      if (server.startsWith('192.0.2.2')) heavy += 1;
    }
    expect(heavy / 2_000).toBeCloseTo(0.75, 1);
  });

  test('nowhere where its name has nothing, or it is no URI', async () => {
    const { find } = aLab();
    expect(await find(NAME)).toEqual([]);
    expect(await find('tel:+1555')).toEqual([]);
  });
});

describe('what DNS has said', () => {
  test('holds for its time, then is asked anew, once for all who ask', async () => {
    const { find, asked, clock } = withOne();
    expect(await find(NAME)).toEqual([viaOne]);
    await Promise.all([find(NAME), find(NAME)]);
    expect(asked).toEqual([SRV, 'A one.test', 'AAAA one.test']);
    clock.pass(60_001);
    await Promise.all([find(NAME), find(NAME)]);
    expect(asked.filter((each) => each === SRV)).toHaveLength(2);
  });

  test('holds for a second at least and an hour at most', async () => {
    const { find, asked, clock, lab } = withOne();
    const again = async (ms: number) => {
      clock.pass(ms);
      await find(NAME);
      return asked.filter((each) => each === SRV).length;
    };
    lab.ttlSeconds = 0;
    expect([await again(0), await again(999), await again(2)]).toEqual([1, 1, 2]);
    lab.ttlSeconds = 1e9;
    expect([await again(1_001), await again(3_599_999), await again(2)]).toEqual([3, 3, 4]);
  });

  test('is used for a day while DNS is away, and DNS is not asked for every call', async () => {
    const { find, asked, clock, lab } = withOne();
    await find(NAME);
    lab.away = true;
    clock.pass(60_001);
    expect(await find(NAME)).toEqual([viaOne]);
    const sofar = asked.length;
    clock.pass(4_000);
    expect(await find(NAME)).toEqual([viaOne]);
    expect(asked).toHaveLength(sofar);
    clock.pass(86_400_000);
    expect(await find(NAME)).toEqual([]);
  });

  test('is used after half a second where DNS is slow; its answer counts from when it comes', async () => {
    const { find, zone, clock, lab } = withOne();
    await find(NAME);
    clock.pass(60_001);
    const slow = pDefer<void>();
    lab.held = slow.promise;
    zone.set(SRV, [service('two.test')]).set('A two.test', ['192.0.2.2']);
    const finding = find(NAME);
    for (let step = 0; step < 4; step += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.pass(500);
    }
    expect(await finding).toEqual([viaOne]);
    slow.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    clock.pass(1_000);
    expect(await find(NAME)).toEqual(['192.0.2.2:5070;transport=udp by sip:192.0.2.2:5070;transport=udp']);
    expect(clock.pending()).toBe(0);
  });

  test('that a name has nothing is believed, and so is that nobody answers, but not for long', async () => {
    const { find, zone, clock, lab } = aLab();
    lab.ttlSeconds = 10;
    expect(await find(NAME)).toEqual([]);
    zone.set(SRV, [service('one.test')]).set('A one.test', ['192.0.2.1']);
    expect(await find(NAME)).toEqual([]);
    clock.pass(10_001);
    expect(await find(NAME)).toEqual([viaOne]);
  });
});
