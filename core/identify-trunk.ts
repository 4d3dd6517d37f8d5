import ipaddr from 'ipaddr.js';

/** The part of trunks that matters here. */
type Trunks = Readonly<Record<string, { readonly sources: readonly string[] }>>;
type Block = readonly [network: ipaddr.IPv4 | ipaddr.IPv6, prefix: number];

/** Name of the trunk to which a source address belongs; the longest prefix wins. Undefined: nobody we know. */
export const identifyTrunk = (address: string, trunks: Trunks): string | undefined =>
  trunksOfSource(address, trunks)[0];

/** Names of all trunks that have a source address in a block of the longest prefix that fits. */
export function trunksOfSource(address: string, trunks: Trunks): readonly string[] {
  const source = parseAddress(address);
  if (!source) return [];
  const blocks = blocksOf(trunks);
  const longest = blocks.find(({ block }) => contains(block, source));
  if (!longest) return [];
  const fitting = blocks.filter((one) => lengthOf(one) === lengthOf(longest) && contains(one.block, source));
  return [...new Set(fitting.map(({ trunk }) => trunk))];
}

/** IPv4 only as four decimal parts: ipaddr.js itself reads `1` and `0x7f.1` too. */
function parseAddress(address: string): Block[0] | undefined {
  const written = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  return written ? ipaddr.process(address) : undefined;
}

interface TrunkBlock {
  readonly trunk: string;
  readonly block: Block;
}

/** Asked for every INVITE, also those of a flood: parsed once per configuration. */
const parsed = new WeakMap<Trunks, readonly TrunkBlock[]>();

/** Longest prefix first; of two trunks with the same block the one whose name comes first. */
function blocksOf(trunks: Trunks): readonly TrunkBlock[] {
  const known = parsed.get(trunks);
  if (known) return known;
  const blocks = Object.entries(trunks)
    .flatMap(([trunk, { sources }]) => sources.map((cidr) => ({ trunk, block: parseBlock(cidr) })))
    .sort((one, other) => lengthOf(other) - lengthOf(one) || (one.trunk < other.trunk ? -1 : 1));
  parsed.set(trunks, blocks);
  return blocks;
}

const lengthOf = ({ block: [, prefix] }: TrunkBlock) => prefix;

/** A block of IPv4-mapped addresses (RFC 4291 §2.5.5.2) means the IPv4 block. */
function parseBlock(cidr: string): Block {
  const [network, prefix] = ipaddr.parseCIDR(cidr);
  const mapped = network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && prefix >= 96;
  return mapped ? [network.toIPv4Address(), prefix - 96] : [network, prefix];
}

const contains = ([network, prefix]: Block, source: Block[0]): boolean =>
  (source instanceof ipaddr.IPv4 && network instanceof ipaddr.IPv4 && source.match(network, prefix)) ||
  (source instanceof ipaddr.IPv6 && network instanceof ipaddr.IPv6 && source.match(network, prefix));
