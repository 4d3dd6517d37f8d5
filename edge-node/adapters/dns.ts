import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Dns } from '../ports.ts';

/** Node tells no TTL of SRV and NAPTR records. */
const UNTOLD_TTL_SECONDS = 60;
/** How long it is taken as true that a name does not exist, or what the hosts file says. */
const BRIEF_TTL_SECONDS = 10;
/** One server is waited for 1 s, then once more for 2 s. */
const patience = { timeout: 1_000, tries: 2 };

/** The DNS servers given, `192.0.2.53` or `192.0.2.53:5353`; without one this machine's, after its hosts file. */
export function openDns(servers: readonly string[] = [], hosts = '/etc/hosts'): Dns {
  const resolver = new Resolver(patience);
  if (servers.length > 0) resolver.setServers(servers);
  const untold = <T>(records: T[]) => ({ records, ttlSeconds: UNTOLD_TTL_SECONDS });
  return {
    naptr: (name) => resolver.resolveNaptr(name).then(untold, noRecord),
    srv: (name) => resolver.resolveSrv(name).then(untold, noRecord),
    async addresses(type, name) {
      const listed = servers.length > 0 ? [] : await addressesIn(hosts, name, type === 'A' ? 4 : 6);
      if (listed.length > 0) return { records: listed, ttlSeconds: BRIEF_TTL_SECONDS };
      const options = { ttl: true } as const;
      const asked = type === 'A' ? resolver.resolve4(name, options) : resolver.resolve6(name, options);
      return asked.then(withTtl, noRecord);
    },
    [Symbol.asyncDispose]: async () => resolver.cancel(),
  };
}

function withTtl(found: readonly { readonly address: string; readonly ttl: number }[]) {
  const ttlSeconds = Math.min(...found.map(({ ttl }) => ttl));
  return { records: found.map(({ address }) => address), ttlSeconds };
}

/** That a name has no such record is an answer; that nobody answers, or answers with SERVFAIL, is none. */
function noRecord(error: { readonly code?: string }) {
  if (error.code !== 'ENOTFOUND' && error.code !== 'ENODATA') throw error;
  return { records: [], ttlSeconds: BRIEF_TTL_SECONDS };
}

/** hosts(5). The resolver reads it not, and a look-up that does would hold a thread of the process while DNS is away. */
async function addressesIn(file: string, name: string, family: 4 | 6): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    return names.includes(name.toLowerCase()) && isIP(address) === family ? [address] : [];
  });
}
