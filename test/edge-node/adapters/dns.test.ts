import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openDns } from '../../../edge-node/adapters/dns.ts';
import { a, dnsStandIn, naptr, srv } from '../../local/sip/dns-stand-in.ts';

test('records come with the time they hold; those whose TTL is not told, for a minute', async () => {
  await using server = await dnsStandIn(
    { type: 'A', name: 'one.lab.test', data: '127.0.0.1', ttl: 30 },
    { type: 'A', name: 'one.lab.test', data: '127.0.0.2', ttl: 20 },
    srv('_sip._udp.lab.test', 'one.lab.test', 5070, 10, 60),
    naptr('lab.test', 'SIP+D2U', '_sip._udp.lab.test'),
  );
  await using dns = openDns([server.address]);
  const addresses = await dns.addresses('A', 'one.lab.test');
  expect(addresses.ttlSeconds).toBe(20);
  expect([...addresses.records].sort()).toEqual(['127.0.0.1', '127.0.0.2']);
  expect(await dns.srv('_sip._udp.lab.test')).toEqual({
    records: [{ name: 'one.lab.test', port: 5070, priority: 10, weight: 60 }],
    ttlSeconds: 60,
  });
  expect(await dns.naptr('lab.test')).toMatchObject({
    records: [{ service: 'SIP+D2U', replacement: '_sip._udp.lab.test' }],
  });
});

test('a name that is not there is an answer; a name with other records, too', async () => {
  await using server = await dnsStandIn(a('one.lab.test'));
  await using dns = openDns([server.address]);
  expect(await dns.addresses('A', 'nobody.lab.test')).toEqual({ records: [], ttlSeconds: 10 });
  expect(await dns.addresses('AAAA', 'one.lab.test')).toEqual({ records: [], ttlSeconds: 10 });
});

test('a DNS server that is away is no answer', async () => {
  const gone = await dnsStandIn();
  await gone[Symbol.asyncDispose]();
  await using dns = openDns([gone.address]);
  await expect(dns.srv('_sip._udp.lab.test')).rejects.toThrow(/ECONNREFUSED|ETIMEOUT/);
});

test('names of the hosts file need no DNS, unless servers are given', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hosts-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const hosts = join(folder, 'hosts');
  await writeFile(hosts, '# 192.0.2.9 lab.test\n192.0.2.1 other.test lab.test # ours\n::1\tlab.test\n');
  await using machine = openDns([], hosts);
  expect((await machine.addresses('A', 'lab.test')).records).toEqual(['192.0.2.1']);
  expect((await machine.addresses('AAAA', 'Lab.test')).records).toEqual(['::1']);
  await using server = await dnsStandIn(a('lab.test', '192.0.2.7'));
  await using given = openDns([server.address], hosts);
  expect((await given.addresses('A', 'lab.test')).records).toEqual(['192.0.2.7']);
});
