import { parseUri, uriParam } from './sip-uri.ts';

/** What a URI says of where it leads, before any name is looked up (RFC 3263 §4). */
export interface SipTarget {
  /** a name, or an address without its brackets */
  readonly host: string;
  readonly port: number | undefined;
  /** lower case, undefined when the URI leaves it open */
  readonly transport: string | undefined;
  /** a SIPS URI: over TLS alone */
  readonly secure: boolean;
  /** whom the URI means, where that is not `host`: a certificate has to be valid for it (RFC 5922 §7.1) */
  readonly name?: string;
}

const secured: Readonly<Record<string, string>> = { tcp: 'tls', udp: 'tls', ws: 'wss' };

const bare = (host: string): string => host.replace(/[[\]]/g, '');

/** Undefined when it is no URI that can be followed. */
export function targetOf(uri: string): SipTarget | undefined {
  const parsed = parseUri(uri);
  if (!parsed) return undefined;
  const secure = parsed.scheme === 'sips';
  const named = uriParam(parsed, 'transport')?.toLowerCase() || undefined;
  const place = uriParam(parsed, 'maddr') || undefined; // §4: maddr is the target where there is one
  const transport = secure && named !== undefined ? (secured[named] ?? named) : named;
  return {
    ...{ host: bare(place ?? parsed.host), port: parsed.port, transport, secure },
    ...(place === undefined ? {} : { name: bare(parsed.host) }),
  };
}

/** RFC 3261 §19.1.2, RFC 7118 §5.4: the port of a transport when none is named. */
export const usualPort = (transport: string): number => ({ tls: 5061, ws: 80, wss: 443 })[transport] ?? 5060;
