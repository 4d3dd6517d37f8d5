import type { Binding } from './bindings.ts';
import { type AskedContacts, keyOfContact } from './contacts.ts';

/** What is to become of one contact; 0 seconds: it is to go. */
export interface Wanted {
  readonly uri: string;
  readonly q: number;
  readonly seconds: number;
}

/** By contact; the last one of a request that names one contact twice. */
export function wantedContacts(
  contacts: AskedContacts,
  known: ReadonlyMap<string, { readonly binding: Binding }>,
  maxExpiresSeconds: number,
): ReadonlyMap<string, Wanted> {
  if (contacts === '*')
    return new Map(
      [...known].map(([key, { binding }]) => [key, { uri: binding.contact, q: binding.q, seconds: 0 }]),
    );
  return new Map(
    contacts.map(({ uri, q, expiresSeconds = maxExpiresSeconds }) => [
      keyOfContact(uri),
      { uri, q, seconds: Math.min(expiresSeconds, maxExpiresSeconds) },
    ]),
  );
}
