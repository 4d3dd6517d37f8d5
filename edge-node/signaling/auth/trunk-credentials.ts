import type { RoutingSnapshot, Secrets } from '../../ports.ts';
import type { CredentialSource } from '../sip.ts';

/** What the carrier of a trunk is answered when it asks who we are; undefined where the trunk has nothing to answer with. */
export function credentialsOf(
  name: string | undefined,
  { snapshot, secrets }: { readonly snapshot: Pick<RoutingSnapshot, 'current'>; readonly secrets: Secrets },
): CredentialSource | undefined {
  const trunk = name === undefined ? undefined : snapshot.current()?.config.trunks[name];
  const out = trunk?.authentication?.out;
  if (!out) return undefined;
  return async () => {
    try {
      return { ...out, password: await secrets.read(out.password) };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`trunks.${name}.authentication.out.password: ${why}`);
    }
  };
}
