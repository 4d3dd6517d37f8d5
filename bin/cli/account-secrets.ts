import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import pLimit from 'p-limit';
import type { RoutingConfig } from '../../contracts/config.ts';
import { secretsIn } from '../../core/secret-refs.ts';
import { outputs as outputNames } from '../../lib/outputs.ts';
import { clientSettings, type StateLocation } from '../../local/state-tables.ts';
import { Failure } from './failure.ts';

/** DescribeSecret is allowed 40 times a second at least. */
const AT_ONCE = 8;

/**
 * Whether Secrets Manager has every secret that a configuration names, where edges may read it. No value is read, so a field
 * that is missing in one is not seen; nor are variables of edges. @throws Failure that names every place with a fault.
 */
export async function refuseUnknownSecrets(
  config: RoutingConfig,
  { env, outputs }: StateLocation,
): Promise<void> {
  const paths = new Map<string, string[]>();
  for (const { path, ref } of secretsIn(config))
    if ('secret' in ref) paths.set(ref.secret, [...(paths.get(ref.secret) ?? []), path]);
  const prefix = outputs[outputNames.secretPrefix] ?? process.env['TRUNKLINE_SECRET_PREFIX'];
  const client = new SecretsManagerClient(clientSettings(env));
  const limit = pLimit(AT_ONCE);
  try {
    const found = await limit.map(paths.keys(), (secret) => faultOf(client, secret, prefix));
    const faults = [...paths].flatMap(([secret, [first, ...others]], index) => {
      const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
      return found[index] ? [`${first}${more}: secret "${secret}" ${found[index]}`] : [];
    });
    if (faults.length === 0) return;
    throw new Failure(
      `${faults.join('\n')}\nnothing was pushed; --skip-secrets pushes without a look at secrets`,
    );
  } finally {
    client.destroy();
  }
}

async function faultOf(
  client: SecretsManagerClient,
  secret: string,
  prefix: string | undefined,
): Promise<string | undefined> {
  if (prefix !== undefined && !nameIn(secret).startsWith(prefix))
    return `must begin with ${prefix}: edges may read no other (secretPrefix)`;
  try {
    const { DeletedDate, VersionIdsToStages = {} } = await client.send(
      new DescribeSecretCommand({ SecretId: secret }),
    );
    if (DeletedDate) return 'is about to be deleted: `aws secretsmanager restore-secret` keeps it';
    const hasValue = Object.values(VersionIdsToStages).flat().includes('AWSCURRENT');
    return hasValue ? undefined : 'has no value: `aws secretsmanager put-secret-value` gives it one';
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'ResourceNotFoundException')
      return 'is not in this account and region: `aws secretsmanager create-secret` makes it';
    return `cannot be looked at (${name}: ${message}): it takes secretsmanager:DescribeSecret`;
  }
}

/** Of an ARN its last part: `arn:aws:secretsmanager:eu-west-1:123456789012:secret:trunkline/a-AbCdEf`. */
const nameIn = (secret: string): string =>
  secret.startsWith('arn:') ? secret.split(':').slice(6).join(':') : secret;
