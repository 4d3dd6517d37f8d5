import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { parseUri, uriParam } from '../message/uri.ts';
import type { Protocol } from './flow.ts';

export interface ContactOption {
  readonly host: string;
  readonly port: number;
  readonly protocols: readonly Protocol[];
}

/**
 * `sip:127.0.0.1:5060;transport=udp,tcp`. Port 0 means any free one, none means 5060 (RFC 3261 §19.1.2).
 * Throws what is wrong with it and how it should look.
 */
export function parseContact(text: string): ContactOption {
  const uri = parseUri(text.replace(/:0(?=;|$)/, ''));
  const wrong = (what: string) =>
    new Error(`contact '${text}': ${what}; it looks like sip:127.0.0.1:5060;transport=udp,tcp`);
  if (!uri) throw wrong('not a SIP URI');
  if (!isIPv4(uri.host)) throw wrong('its host is no IPv4 address');
  if (uri.scheme === 'sips') throw wrong('sips is not served, only udp and tcp');
  const protocols = (uriParam(uri, 'transport') || 'udp').split(',').map((item) => item.trim().toLowerCase());
  const unknown = protocols.find((protocol) => protocol !== 'udp' && protocol !== 'tcp');
  if (unknown !== undefined) throw wrong(`transport ${unknown} is not served, only udp and tcp`);
  const anyPort = /:0(?=;|$)/.test(text);
  return { host: uri.host, port: anyPort ? 0 : (uri.port ?? 5060), protocols: protocols as Protocol[] };
}

/** The address others can reach a listener at: a wildcard address is nobody's. */
export function reachableHost(host: string): string {
  if (host !== '0.0.0.0') return host;
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  return addresses.find((address) => address.family === 'IPv4' && !address.internal)?.address ?? '127.0.0.1';
}
