import ipaddr from 'ipaddr.js';

/** Whether two CIDR blocks have an address in common. False where one of them is no CIDR block: that is told elsewhere. */
export function overlaps(one: unknown, other: unknown): boolean {
  const [a, b] = [parse(one), parse(other)];
  if (!a || !b || a.network.kind() !== b.network.kind()) return false;
  const prefix = Math.min(a.prefix, b.prefix);
  return a.network instanceof ipaddr.IPv4
    ? a.network.match(b.network as ipaddr.IPv4, prefix)
    : a.network.match(b.network as ipaddr.IPv6, prefix);
}

function parse(cidr: unknown) {
  if (typeof cidr !== 'string' || !ipaddr.isValidCIDR(cidr)) return undefined;
  const [network, prefix] = ipaddr.parseCIDR(cidr);
  return { network, prefix };
}
