import * as z from 'zod';
import { DigestAlgorithm } from './authentication.ts';
import { SecretRef } from './secret.ts';
import { Name } from './words.ts';

/** A phone or agent that registers with us. Its name is the user of its address of record, and of its digest. */
const User = z.strictObject({ password: SecretRef });

const Users = z.record(Name, User);

/** It stands in URIs, so nothing in it may need an escape. */
const Realm = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, 'must be a domain, such as phones.example');

/** How users register with an edge (RFC 3261 §10.3). */
const Registrar = z
  .strictObject({
    /** Of the digests of the users, and domain of their addresses of record. */
    realm: Realm,
    algorithms: z.array(DigestAlgorithm).min(1).default(['SHA-256', 'MD5']),
    /** Who asks for less hears 423. */
    minExpiresSeconds: z.int().min(1).max(86_400).default(60),
    /** Who asks for more, or says nothing, is granted this. */
    maxExpiresSeconds: z.int().min(1).max(86_400).default(3_600),
    /** Contacts of one user at one time. */
    maxBindings: z.int().min(1).max(100).default(5),
  })
  .refine(({ minExpiresSeconds, maxExpiresSeconds }) => minExpiresSeconds <= maxExpiresSeconds, {
    path: ['minExpiresSeconds'],
    message: 'must be at most maxExpiresSeconds: nobody could register otherwise',
  });

export const trunkUsers = { users: Users.optional(), registrar: Registrar.optional() };
