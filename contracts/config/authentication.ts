import * as z from 'zod';
import { SecretRef } from './secret.ts';

/** Digest algorithms that we speak (RFC 8760), strongest first. */
export const DigestAlgorithm = z.enum(['SHA-512-256', 'SHA-256', 'MD5']);
export type DigestAlgorithm = z.infer<typeof DigestAlgorithm>;

/** Goes into a quoted string of a header: nothing in it may end that string. */
const Quotable = (what: string) =>
  z
    .string()
    .regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]{1,128}$/, `must be ${what}: printable ASCII without " and \\`);

/** Name of an account, as it stands in `username` of a digest. */
const DigestUsername = Quotable('a user name');
const DigestRealm = Quotable('a realm, such as sip.carrier.example');

/** How we answer a carrier or an agent that challenges us with 401 or 407. Without `realm`: whatever realm is named. */
export const AuthenticationOut = z.strictObject({
  username: DigestUsername,
  password: SecretRef,
  realm: DigestRealm.optional(),
});
export type AuthenticationOut = z.infer<typeof AuthenticationOut>;

/** Whom we challenge, and with what. The order of `algorithms` is that of the challenges: callers take the first they know. */
export const AuthenticationIn = z.strictObject({
  username: DigestUsername,
  password: SecretRef,
  realm: DigestRealm,
  algorithms: z.array(DigestAlgorithm).min(1).default(['SHA-256', 'MD5']),
});
export type AuthenticationIn = z.infer<typeof AuthenticationIn>;

export const TrunkAuthentication = z.strictObject({
  out: AuthenticationOut.optional(),
  in: AuthenticationIn.optional(),
});
