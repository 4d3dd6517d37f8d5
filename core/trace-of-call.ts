const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const numberOf = (base32: string): bigint =>
  [...base32].reduce((sum, letter) => sum * 32n + BigInt(crockford.indexOf(letter)), 0n);

const hex = (value: bigint, digits: number) => value.toString(16).padStart(digits, '0');

/** Share of the ids whose traces are kept is told by so many bits of chance. */
const SHARE_BITS = 32n;
const CHANCE_BITS = 80n;

/**
 * The trace of a call, as the header X-Amzn-Trace-Id writes it: one for all that is said of the call, whoever says it, derived
 * from its id: the second of the ULID, then its chance and the rest of its ms. `share`, 0 to 1, of all calls are sampled, and
 * then in every part of the platform. Source: AWS X-Ray Developer Guide, "Tracing header".
 */
export function traceOfCall(callId: string, share: number): string {
  const ms = numberOf(callId.slice(0, 10));
  const chance = numberOf(callId.slice(10));
  const root = `1-${hex(ms / 1_000n, 8)}-${hex(chance, 20)}${hex(ms % 1_000n, 4)}`;
  const drawn = Number(chance >> (CHANCE_BITS - SHARE_BITS)) / 2 ** Number(SHARE_BITS);
  return `Root=${root};Sampled=${drawn < share ? 1 : 0}`;
}
