import { CompactEncrypt, importJWK } from 'jose';
import type { PublicKey } from '../../../contracts/config.ts';

/** Encrypts JSON so that only the owner of the private key reads it. */
export type EncryptJson = (json: object) => Promise<string>;

/** A compact JWE (RFC 7516) with A256GCM. @throws Error where the key is none. */
export async function encryptFor(key: PublicKey): Promise<EncryptJson> {
  const { alg, kid } = key;
  const jwk = Object.fromEntries(Object.entries(key).filter(([, value]) => value !== undefined));
  const imported = await importJWK(jwk, alg);
  const header = { alg, enc: 'A256GCM', cty: 'application/json', ...(kid === undefined ? {} : { kid }) };
  return (json) =>
    new CompactEncrypt(new TextEncoder().encode(JSON.stringify(json)))
      .setProtectedHeader(header)
      .encrypt(imported);
}
