import ipaddr from 'ipaddr.js';
import * as z from 'zod';

/** Who knowingly lets everybody in writes this, word for word. */
export const OPEN_TO_THE_WORLD = 'yes, behind digest authentication';

/** Shorter ones cover whole continents: nobody's carrier has so many addresses. */
const SHORTEST_PREFIX = 8;

/** An IPv4 network such as 198.51.100.0/24. */
export const Cidr = z.string().superRefine((text, context) => {
  const fault = faultOf(text);
  if (fault) context.addIssue({ code: 'custom', message: fault });
});

function faultOf(text: string): string | undefined {
  if (!ipaddr.isValidCIDR(text)) {
    return `"${text}" is no network: write an IPv4 address with the length of its prefix, such as 198.51.100.0/24`;
  }
  if (ipaddr.parseCIDR(text)[0].kind() === 'ipv6') {
    return `"${text}" is IPv6, and the fleet has IPv4 addresses only: name the IPv4 networks of the carrier`;
  }
  if (String(ipaddr.IPv4.networkAddressFromCIDR(text)) === text.split('/')[0]) return;
  return `"${text}" begins inside its network: write ${ipaddr.IPv4.networkAddressFromCIDR(text)}/${text.split('/')[1]}`;
}

/** Whether it lets in more of the world than any carrier is. */
export const isTooWide = (cidr: string): boolean =>
  ipaddr.isValidCIDR(cidr) && ipaddr.parseCIDR(cidr)[1] < SHORTEST_PREFIX;
