import type { AuthenticationOut } from '../../../contracts/config.ts';
import type { RouteTarget } from '../../../contracts/route-decision.ts';
import type { RoutingSnapshot, Secrets } from '../../ports.ts';
import type { CredentialSource } from '../sip.ts';

interface Parts {
  readonly snapshot: Pick<RoutingSnapshot, 'current'>;
  readonly secrets: Secrets;
}

/** What the carrier of a trunk is answered when it asks who we are; undefined where the trunk has nothing to answer with. */
export function credentialsOf(
  name: string | undefined,
  { snapshot, secrets }: Parts,
): CredentialSource | undefined {
  const trunk = name === undefined ? undefined : snapshot.current()?.config.trunks[name];
  return sourceOf(trunk?.authentication?.out, `trunks.${name}.authentication.out`, secrets);
}

/** The same for whoever is called: a carrier by its trunk, an agent by itself, a user by nobody. */
export function credentialsFor(
  { id, trunk, user, authentication }: RouteTarget,
  parts: Parts,
): CredentialSource | undefined {
  if (user !== undefined) return undefined;
  if (trunk !== undefined) return credentialsOf(trunk, parts);
  return sourceOf(authentication, `target ${id}: authentication`, parts.secrets);
}

function sourceOf(
  account: AuthenticationOut | undefined,
  where: string,
  secrets: Secrets,
): CredentialSource | undefined {
  if (!account) return undefined;
  return async () => {
    try {
      return { ...account, password: await secrets.read(account.password) };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${where}.password: ${why}`);
    }
  };
}
