import { findServers, type Reach, type Server } from '../../../core/find-servers.ts';
import { orderTargets } from '../../../core/order-targets.ts';
import { targetOf, usualPort } from '../../../core/sip-target.ts';
import type { NameCache } from './known-names.ts';

/** One server that a URI leads to. */
export interface Place {
  /** `HOST:PORT;transport=T`, an IPv6 address in brackets. */
  readonly server: string;
  /** Where to send to; undefined where the URI itself says so. */
  readonly nextHop: string | undefined;
}

export interface ServerFinder {
  /** In the order in which they are tried; weights are drawn with the seed. None where the name leads nowhere. */
  find(uri: string, seed: string): Promise<readonly Place[]>;
}

/** More servers than these of one name are not tried. */
const MOST_SERVERS = 16;

/** Follows names to servers (RFC 3263). `contacts`: of the SIP server, `udp/192.0.2.1:5060`; they say what we can reach. */
export function findByName(names: NameCache, contacts: () => readonly string[]): ServerFinder {
  return {
    async find(uri, seed) {
      const target = targetOf(uri);
      if (!target) return [];
      if (isAddress(target.host)) {
        const protocol = target.transport ?? (target.secure ? 'tls' : 'udp');
        const port = target.port ?? usualPort(protocol);
        return [{ server: serverId({ protocol, host: target.host, port }), nextHop: undefined }];
      }
      const reach = reachOf(contacts());
      for (;;) {
        const found = findServers(target, reach, names, (services) => orderTargets(services, seed));
        if ('servers' in found) return placesOf(found.servers, target.name ?? target.host);
        await Promise.all(found.ask.map((question) => names.ask(question)));
      }
    },
  };
}

const placesOf = (servers: readonly Server[], name: string): Place[] => {
  const places = servers.map((server) => ({ server: serverId(server), nextHop: nextHopOf(server, name) }));
  const unlike = new Map(places.map((place) => [place.server, place]));
  return [...unlike.values()].slice(0, MOST_SERVERS);
};

const isAddress = (host: string) => /^[\d.]+$/.test(host) || host.includes(':');

const serverId = ({ protocol, host, port }: Server): string =>
  `${literal(host)}:${port};transport=${protocol}`;

/** Over TLS the certificate has to be that of the name (RFC 5922 §7.1), so the name stands there and the address beside it. */
const nextHopOf = ({ protocol, host, port }: Server, name: string): string =>
  protocol === 'tls' || protocol === 'wss'
    ? `sip:${name}:${port};transport=${protocol};maddr=${literal(host)}`
    : `sip:${literal(host)}:${port};transport=${protocol}`;

const literal = (host: string) => (host.includes(':') ? `[${host}]` : host);

function reachOf(contacts: readonly string[]): Reach[] {
  const reach = contacts.flatMap((contact) => {
    const [, protocol, host] = /^(\w+)\/(\[[^\]]+\]|[^:]+):\d+$/.exec(contact) ?? [];
    return protocol && host ? [{ protocol, family: host.startsWith('[') ? 6 : 4 } as const] : [];
  });
  return reach.length > 0 ? reach : [{ protocol: 'udp', family: 4 }];
}
