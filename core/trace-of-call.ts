/** In which ULIDs are written. */
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

const numberOf = (base32: string): bigint =>
  [...base32].reduce((sum, letter) => sum * 32n + BigInt(crockford.indexOf(letter)), 0n);

const hex = (value: bigint, digits: number) => value.toString(16).padStart(digits, '0');

/** Share of the ids whose traces are kept is told by so many bits of chance. */
const SHARE_BITS = 32n;
const CHANCE_BITS = 80n;

/**
 * The id of a call's trace, 32 hexadecimal digits, derived from its own: the second of the ULID, as X-Ray wants it, the rest of its
 * ms, and its chance. It is what X-Ray and W3C Trace Context both write, X-Ray in parts.
 */
export function traceIdOfCall(callId: string): string {
  const ms = numberOf(callId.slice(0, 10));
  return hex(ms / 1_000n, 8) + hex(ms % 1_000n, 4) + hex(numberOf(callId.slice(10)), 20);
}

/**
 * The trace of a call, as the header X-Amzn-Trace-Id writes it: one for all that is said of the call, whoever says it. `share`,
 * 0 to 1, of all calls are sampled, and then in every part of the platform. Source: AWS X-Ray Developer Guide, "Tracing header".
 */
export function traceOfCall(callId: string, share: number): string {
  const id = traceIdOfCall(callId);
  const chance = numberOf(callId.slice(10));
  const drawn = Number(chance >> (CHANCE_BITS - SHARE_BITS)) / 2 ** Number(SHARE_BITS);
  return `Root=1-${id.slice(0, 8)}-${id.slice(8)};Sampled=${drawn < share ? 1 : 0}`;
}
