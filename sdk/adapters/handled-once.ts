import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { handledKeys, handlerVariables } from '../variables.ts';

/** What Lambda tells of an invocation, as far as it is needed. */
export interface Invocation {
  getRemainingTimeInMillis(): number;
}

type Handle = (event: unknown) => Promise<void>;

/** EventBridge and Lambda try for a day at most: nothing is delivered again later, s. */
const KEPT_SECONDS = 24 * 3600;

/**
 * Runs a handler once for each event where the environment names a table for that: what comes while the first run is
 * under way is tried again later, what comes after it does nothing, and a run that failed may be tried again.
 */
export function handledOnce(
  from: NodeJS.ProcessEnv = process.env,
): (handle: Handle) => (event: unknown, context?: Invocation) => Promise<void> {
  const tableName = from[handlerVariables.handledTable];
  if (!tableName) return (handle) => (event) => handle(event);
  const config = new IdempotencyConfig({
    eventKeyJmesPath: 'detail.id',
    throwOnNoIdempotencyKey: true,
    expiresAfterSeconds: KEPT_SECONDS,
  });
  const persistenceStore = new DynamoDBPersistenceLayer({
    tableName,
    keyAttr: handledKeys.partition,
    expiryAttr: handledKeys.ttl,
  });
  return (handle) => {
    const once = makeIdempotent(handle, { config, persistenceStore });
    return async (event, context) => {
      if (context)
        config.registerLambdaContext(context as Parameters<typeof config.registerLambdaContext>[0]);
      await once(event);
    };
  };
}
