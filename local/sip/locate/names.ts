import { lookup, Resolver } from 'node:dns/promises';
import type { Naptr, Service } from '../../../core/find-servers.ts';

/** Questions about names; each answers with nothing when there is no such name or record. */
export interface Names {
  naptr(name: string): Promise<readonly Naptr[]>;
  srv(name: string): Promise<readonly Service[]>;
  addresses(name: string, family: 4 | 6): Promise<readonly string[]>;
}

/**
 * The names of a DNS server, `192.0.2.53` or `192.0.2.53:5353`; without one those of this machine, its hosts file
 * included. A server that does not answer is waited for 2 s, twice.
 */
export function dnsNames(servers: readonly string[] = []): Names {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (servers.length > 0) resolver.setServers(servers);
  const none = () => [];
  return {
    naptr: (name) => resolver.resolveNaptr(name).catch(none),
    srv: (name) => resolver.resolveSrv(name).catch(none),
    addresses: (name, family) =>
      servers.length > 0
        ? (family === 4 ? resolver.resolve4(name) : resolver.resolve6(name)).catch(none)
        : lookup(name, { family, all: true }).then((all) => all.map(({ address }) => address), none),
  };
}
