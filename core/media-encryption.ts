import type { MediaEncryption } from '../contracts/config/encryption.ts';
import type { RoutingConfig, Trunk } from '../contracts/config.ts';
import type { RouteTarget } from '../contracts/route-decision.ts';

const plain: MediaEncryption = { encryption: 'off', keying: 'sdes' };

/** What the trunk of a target says of its media, or the agent in the decision. */
export function encryptionOf(target: RouteTarget, trunks: RoutingConfig['trunks']): MediaEncryption {
  if (target.trunk === undefined) return target.media ?? plain;
  return (Object.hasOwn(trunks, target.trunk) ? trunks[target.trunk] : undefined) ?? plain;
}

/** What of a configuration is allowed, and seldom meant. */
export interface ConfigWarning {
  readonly trunk: string;
  readonly message: string;
}

/** Trunks whose calls can be read or heard on their way. What never leaves this machine has no way to be heard on. */
export const encryptionWarnings = ({ trunks }: Pick<RoutingConfig, 'trunks'>): readonly ConfigWarning[] =>
  Object.entries(trunks).flatMap(([name, trunk]) => {
    const message = isAtHome(trunk) ? undefined : warningOf(trunk);
    return message === undefined ? [] : [{ trunk: name, message }];
  });

function warningOf({ endpoints, encryption, keying }: Trunk): string | undefined {
  const overTls = endpoints.length > 0 && endpoints.every(({ transport }) => transport === 'tls');
  if (encryption === 'off' && !overTls)
    return 'has neither TLS nor SRTP: everybody on the way can read who calls whom and listen; give it endpoints with transport: tls and encryption: required, if the carrier can';
  if (encryption !== 'off' && keying === 'sdes' && endpoints.length > 0 && !overTls)
    return 'sends the keys of its SRTP in the clear: everybody on the way can read them and listen; give its endpoints transport: tls, or take keying: dtls';
  return undefined;
}

const isAtHome = ({ sources, endpoints }: Trunk): boolean =>
  sources.length + endpoints.length > 0 &&
  [...sources, ...endpoints.map(({ host }) => host)].every((place) => /^(127\.|::1(\/|$))/.test(place));
