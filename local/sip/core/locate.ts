import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { parseUri, uriParam } from '../message/uri.ts';
import type { Hop, Protocol } from '../transport/flow.ts';

/** Where a URI leads, its host still a name perhaps. */
export interface Place {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
}

/** Undefined when the URI asks for a transport we do not have, or is none we can follow. */
export function placeOf(uri: string, otherwise: Protocol = 'udp'): Place | undefined {
  const parsed = parseUri(uri);
  if (!parsed || parsed.scheme === 'sips') return undefined;
  const protocol = (uriParam(parsed, 'transport') ?? otherwise).toLowerCase();
  if (protocol !== 'udp' && protocol !== 'tcp') return undefined;
  const host = uriParam(parsed, 'maddr') || parsed.host; // RFC 3263 §4
  return { protocol, host, port: parsed.port ?? 5060 };
}

/** Calls back with the address, at once when the host is one already, with undefined when the name leads nowhere. */
export function locate(place: Place, found: (hop: Hop | undefined) => void): void {
  const bare = place.host.replace(/[[\]]/g, '');
  if (isIP(bare) !== 0) {
    found({ ...place, host: bare });
    return;
  }
  lookup(bare, { family: 4 }).then(
    ({ address }) => found({ ...place, host: address }),
    () => found(undefined),
  );
}
