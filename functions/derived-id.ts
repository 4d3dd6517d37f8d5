import { createHash } from 'node:crypto';

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A ULID that every run gives to the same thing of a call: the call's own time, and a digest for the rest. */
export function derivedId(callId: string, what: string): string {
  const digest = createHash('sha256').update(`${what} ${callId}`).digest().subarray(0, 16);
  return callId.slice(0, 10) + Array.from(digest, (byte) => crockford[byte % 32]).join('');
}
