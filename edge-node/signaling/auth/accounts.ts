import type { AuthenticationIn, RoutingConfig } from '../../../contracts/config.ts';

/** Somebody who can prove by digest who they are. */
export interface Account extends AuthenticationIn {
  readonly trunk: string;
  /** Where its password stands in the configuration, for messages. */
  readonly field: string;
}

type Trunks = RoutingConfig['trunks'];

/** The account of a trunk, where it has one. */
export function accountsOfTrunk(name: string, trunks: Trunks): Account[] {
  const account = trunks[name]?.authentication?.in;
  return account ? [{ ...account, trunk: name, field: `trunks.${name}.authentication.in.password` }] : [];
}

/** Asked for every INVITE of a source that we do not know, also those of a flood: made once per configuration. */
const made = new WeakMap<Trunks, readonly Account[]>();

/** Those by which alone a caller can be known: of trunks that have no sources. */
export function accountsWithoutSource(trunks: Trunks): readonly Account[] {
  const known = made.get(trunks);
  if (known) return known;
  const accounts = Object.entries(trunks).flatMap(([name, { sources }]) =>
    sources.length === 0 ? accountsOfTrunk(name, trunks) : [],
  );
  made.set(trunks, accounts);
  return accounts;
}
