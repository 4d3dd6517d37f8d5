import ipaddr from 'ipaddr.js';
import type { RoutingConfig } from '../contracts/config.ts';

/** Name of the trunk to which a source address belongs; the longest prefix wins. Undefined: nobody we know. */
export function identifyTrunk(address: string, trunks: RoutingConfig['trunks']): string | undefined {
  if (!ipaddr.isValid(address)) return undefined;
  const source = ipaddr.process(address);
  let best: { name: string; prefix: number } | undefined;
  for (const [name, { sources }] of Object.entries(trunks)) {
    for (const cidr of sources) {
      const [network, prefix] = ipaddr.parseCIDR(cidr);
      if (network.kind() !== source.kind() || !source.match([network, prefix] as [ipaddr.IPv4, number]))
        continue;
      if (!best || prefix > best.prefix) best = { name, prefix };
    }
  }
  return best?.name;
}
