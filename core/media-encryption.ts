import type { MediaEncryption } from '../contracts/config/encryption.ts';
import type { RoutingConfig, Trunk } from '../contracts/config.ts';
import type { RouteTarget } from '../contracts/route-decision.ts';

const plain: MediaEncryption = { encryption: 'off', keying: 'sdes' };

/** What the trunk of a target says of its media, or the agent in the decision. */
export function encryptionOf(target: RouteTarget, trunks: RoutingConfig['trunks']): MediaEncryption {
  if (target.trunk === undefined) return target.media ?? plain;
  return (Object.hasOwn(trunks, target.trunk) ? trunks[target.trunk] : undefined) ?? plain;
}

/** Names of the trunks over which everybody on the way can read signalling and listen to calls. */
export const plainTrunks = ({ trunks }: Pick<RoutingConfig, 'trunks'>): readonly string[] =>
  Object.entries(trunks)
    .filter(([, trunk]) => trunk.encryption === 'off' && !isOverTls(trunk))
    .map(([name]) => name);

const isOverTls = ({ endpoints }: Trunk): boolean =>
  endpoints.length > 0 && endpoints.every(({ transport }) => transport === 'tls');
