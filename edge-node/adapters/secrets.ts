import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Logger } from 'pino';
import { nameOfSecret, type SecretRef } from '../../contracts/config/secret.ts';
import type { Clock, Secrets } from '../ports.ts';
import { type AwsIdentity, awsClient } from './aws-client.ts';

export interface SecretsOptions extends AwsIdentity {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly logger: Logger;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly client?: SecretsManagerClient;
  /** A value older than this is read again, ms; default 5 minutes. */
  readonly refreshMs?: number;
}

/** A secret that could not be read is not asked for again before this, ms: a flood of calls must not become one of requests. */
const ASK_AGAIN_MS = 5_000;

interface Kept {
  /** The last value that was read, good or bad times. */
  text?: string;
  failure?: string;
  triedAt: number;
  reading?: Promise<void>;
}

/**
 * The environment and Secrets Manager. A value that is due for another look is given at once and read anew behind the
 * caller's back, so that no call waits for it, and kept while the service is away.
 */
export function openSecrets(options: SecretsOptions): Secrets {
  const { clock, env = process.env, refreshMs = 300_000 } = options;
  const kept = new Map<string, Kept>();
  let client = options.client;
  const ask = async (secret: string) => {
    client ??= new SecretsManagerClient(awsClient(options));
    const { SecretString, SecretBinary } = await client.send(new GetSecretValueCommand({ SecretId: secret }));
    return SecretString ?? Buffer.from(SecretBinary ?? []).toString('utf8');
  };
  const inService = async (secret: string): Promise<string> => {
    const entry = kept.get(secret) ?? { triedAt: Number.NEGATIVE_INFINITY };
    kept.set(secret, entry);
    const patience = entry.failure === undefined ? refreshMs : ASK_AGAIN_MS;
    if (clock.monotonic() - entry.triedAt >= patience) entry.reading ??= refresh(secret, entry, ask, options);
    if (entry.text === undefined) await entry.reading;
    if (entry.text === undefined) throw new Error(`secret "${secret}" cannot be read: ${entry.failure}`);
    return entry.text;
  };
  return {
    async read(ref) {
      const text = 'env' in ref ? env[ref.env] : fieldIn(await inService(ref.secret), ref);
      if (!text) throw new Error(`${nameOfSecret(ref)} is not set`);
      return text;
    },
  };
}

async function refresh(
  secret: string,
  entry: Kept,
  ask: (secret: string) => Promise<string>,
  { clock, logger }: SecretsOptions,
): Promise<void> {
  try {
    entry.text = await ask(secret);
    delete entry.failure;
  } catch (error) {
    const failure = whatFailed(error);
    if (entry.failure === undefined)
      logger.error({ secret, failure, keepsLast: entry.text !== undefined }, 'a secret cannot be read');
    entry.failure = failure;
  }
  entry.triedAt = clock.monotonic();
  delete entry.reading;
}

const whatFailed = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 300) : 'unknown failure';

/** The parser's own message is left out: it quotes what it could not read. */
function fieldIn(text: string, ref: Extract<SecretRef, { secret: string }>): string | undefined {
  if (ref.field === undefined) return text;
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    throw new Error(`${nameOfSecret(ref)} is not set: the secret is no JSON object`);
  }
  const value = fields !== null && typeof fields === 'object' && Object.hasOwn(fields, ref.field);
  if (!value) return undefined;
  const field = (fields as Record<string, unknown>)[ref.field];
  return typeof field === 'string' || typeof field === 'number' ? String(field) : undefined;
}
