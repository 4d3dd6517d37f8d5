import type { AuthenticationIn, RoutingConfig } from '../../../contracts/config.ts';

/** Somebody who can prove by digest who they are. */
export interface Account extends AuthenticationIn {
  readonly trunk: string;
  /** Name of the user of the trunk; undefined for the trunk's own account. */
  readonly user?: string | undefined;
  /** Where its password stands in the configuration, for messages. */
  readonly field: string;
}

type Trunks = RoutingConfig['trunks'];

/** The account of a trunk, where it has one, and those of its users. */
function accountsOfTrunk(name: string, trunks: Trunks): Account[] {
  const { authentication, users = {}, registrar } = trunks[name] ?? {};
  const account = authentication?.in;
  const own = account
    ? [{ ...account, trunk: name, field: `trunks.${name}.authentication.in.password` }]
    : [];
  if (!registrar) return own;
  const { realm, algorithms } = registrar;
  const theirs = Object.entries(users).map(([user, { password }]) => ({
    ...{ username: user, password, realm, algorithms, trunk: name, user },
    field: `trunks.${name}.users.${user}.password`,
  }));
  return [...own, ...theirs];
}

/** Asked for every INVITE, also those of a flood: made once per configuration. */
const made = new WeakMap<Trunks, readonly Account[]>();

/** Who may prove to be somebody from an address of these trunks: their accounts, and those of trunks without addresses. */
export function accountsOf(bySource: readonly string[], trunks: Trunks): readonly Account[] {
  const all = made.get(trunks) ?? Object.keys(trunks).flatMap((name) => accountsOfTrunk(name, trunks));
  made.set(trunks, all);
  return all.filter(({ trunk }) => bySource.includes(trunk) || trunks[trunk]?.sources.length === 0);
}
