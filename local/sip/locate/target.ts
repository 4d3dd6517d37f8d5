import { parseUri, uriParam } from '../message/uri.ts';

/** What a URI says of where it leads, before any name is looked up (RFC 3263 §4). */
export interface Target {
  /** a name, or an address without its brackets */
  readonly host: string;
  readonly port: number | undefined;
  /** lower case, undefined when the URI leaves it open */
  readonly transport: string | undefined;
  /** a SIPS URI: over TLS alone */
  readonly secure: boolean;
}

const secured: Readonly<Record<string, string>> = { tcp: 'tls', udp: 'tls', ws: 'wss' };

/** Undefined when it is no URI that can be followed. */
export function targetOf(uri: string): Target | undefined {
  const parsed = parseUri(uri);
  if (!parsed) return undefined;
  const secure = parsed.scheme === 'sips';
  const named = uriParam(parsed, 'transport')?.toLowerCase() || undefined;
  const host = (uriParam(parsed, 'maddr') || parsed.host).replace(/[[\]]/g, ''); // §4: maddr is the target where there is one
  const transport = secure && named !== undefined ? (secured[named] ?? named) : named;
  return { host, port: parsed.port, transport, secure };
}

/** RFC 3261 §19.1.2, RFC 7118 §5.4: the port of a transport when none is named. */
export const usualPort = (transport: string): number => ({ tls: 5061, ws: 80, wss: 443 })[transport] ?? 5060;
