import { nameOfSecret, type RoutingConfig } from '../../contracts/config.ts';
import { secretsIn } from '../../core/secret-refs.ts';
import { Failure } from './failure.ts';

/** What a platform on this machine has: the environment of its edges, and the file of `--secrets`. */
export interface GivenSecrets {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** By name; a JSON object where a field is asked for. */
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * Before anything starts: otherwise the first call that needs a secret is the one that finds out.
 * @throws Failure (exit code 2) that names every place of the configuration whose secret is not given.
 */
export function refuseMissingSecrets(config: RoutingConfig, { env, secrets }: GivenSecrets): void {
  const faults = secretsIn(config).flatMap(({ path, ref }) => {
    if ('env' in ref) return env[ref.env] ? [] : [`${path}: ${nameOfSecret(ref)} is not set: export it`];
    if (ref.secret.startsWith('arn:'))
      return [`${path}: ${nameOfSecret(ref)} is an ARN, which nothing on this machine has: use the name`];
    const text = secrets[ref.secret];
    const remedy =
      ref.field === undefined
        ? `write "${ref.secret}: …" into it`
        : `write "${ref.secret}: { ${ref.field}: … }" into it`;
    const isThere = ref.field === undefined ? text : text && hasField(text, ref.field);
    return isThere ? [] : [`${path}: ${nameOfSecret(ref)} is not in the file of --secrets: ${remedy}`];
  });
  if (faults.length > 0) throw new Failure(faults.join('\n'), 2);
}

function hasField(text: string, field: string): boolean {
  try {
    const fields: unknown = JSON.parse(text);
    return fields !== null && typeof fields === 'object' && Object.hasOwn(fields, field);
  } catch {
    return false;
  }
}
