import { isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { parseUri, uriParam } from '../../../core/sip-uri.ts';
import type { Protocol } from './flow.ts';

export interface ContactOption {
  /** without brackets */
  readonly host: string;
  readonly port: number;
  /** at most one of those that share the TCP port */
  readonly protocols: readonly Protocol[];
}

/** RFC 3261 §19.1.2, RFC 7118 §5.4 */
const usualPorts: Readonly<Record<Protocol, number>> = { udp: 5060, tcp: 5060, tls: 5061, ws: 80, wss: 443 };

const anyPort = /:0(?=;|$)/;

/**
 * `sip:127.0.0.1:5060;transport=udp,tcp`, `sips:[::1]:5061;transport=tls`. The host `*` is every IPv4 address of this
 * machine, `[::]` every IPv6 one. Port 0 means any free one, none means the usual one of the transport.
 * Throws what is wrong with it and how it should look.
 */
export function parseContact(text: string): ContactOption {
  const wrong = (what: string) =>
    new Error(
      `contact '${text}': ${what}; it looks like sip:127.0.0.1:5060;transport=udp,tcp or sips:127.0.0.1:5061;transport=tls`,
    );
  const uri = parseUri(text.replace(anyPort, '').replace(/^(sips?:)\*/i, '$10.0.0.0'));
  if (!uri) throw wrong('not a SIP URI');
  const host = uri.host.replace(/[[\]]/g, '');
  if (isIP(host) === 0) throw wrong(`its host '${uri.host}' is no IP address, give one of this machine`);
  const secure = uri.scheme === 'sips';
  const named = (uriParam(uri, 'transport') || (secure ? 'tls' : 'udp')).split(',');
  const protocols = named.map((item) => item.trim().toLowerCase());
  const unknown = protocols.find((one) => !Object.hasOwn(usualPorts, one));
  if (unknown !== undefined) throw wrong(`transport '${unknown}' is not one of udp, tcp, tls, ws, wss`);
  const open = secure ? protocols.find((one) => one !== 'tls' && one !== 'wss') : undefined;
  if (open !== undefined)
    throw wrong(`transport '${open}' is not encrypted, take tls or wss with sips, or sip instead`);
  const streams = protocols.filter((one) => one !== 'udp');
  if (streams.length > 1)
    throw wrong(
      `transports '${streams.join("' and '")}' cannot share a port, give each a contact of its own`,
    );
  const usual = usualPorts[protocols[0] as Protocol];
  return {
    host,
    port: anyPort.test(text) ? 0 : (uri.port ?? usual),
    protocols: [...new Set(protocols)] as Protocol[],
  };
}

/** The address others can reach a listener at: a wildcard address is nobody's. IPv6 in brackets, as URIs have it. */
export function reachableHost(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return isIPv6(host) ? `[${host}]` : host;
  const family = host === '::' ? 'IPv6' : 'IPv4';
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const found = addresses.find(
    (one) => one.family === family && !one.internal && !one.address.startsWith('fe80:'),
  );
  if (family === 'IPv4') return found?.address ?? '127.0.0.1';
  return `[${found?.address ?? '::1'}]`;
}
