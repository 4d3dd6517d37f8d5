import { parseUri } from '../../../../core/sip-uri.ts';
import { parseNameAddr } from '../../message/name-addr.ts';
import type { SipMessage } from '../../message/sip-message.ts';

/** A place to try. */
export interface Target {
  readonly uri: string;
  /** its URI stands in the request, whatever the caller asked for */
  readonly redirected: boolean;
}

/** Where a 3xx sends us, the most wanted first (§8.1.3.4). */
export function redirectTargets(redirect: SipMessage): Target[] {
  return redirect
    .all('contact')
    .map((value) => parseNameAddr(value))
    .filter((address) => address !== undefined && parseUri(address.uri) !== undefined)
    .map((address) => ({
      uri: address?.uri ?? '',
      wanted: Number(/;\s*q=([\d.]+)/i.exec(address?.params ?? '')?.[1] ?? 1),
    }))
    .sort((one, other) => other.wanted - one.wanted)
    .map(({ uri }) => ({ uri, redirected: true }));
}
