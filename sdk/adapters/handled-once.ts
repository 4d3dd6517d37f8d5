import {
  IdempotencyAlreadyInProgressError,
  IdempotencyConfig,
  makeIdempotent,
} from '@aws-lambda-powertools/idempotency';
import { DynamoDBPersistenceLayer } from '@aws-lambda-powertools/idempotency/dynamodb';
import { handledKeys, handlerVariables } from '../variables.ts';

/** What Lambda tells of an invocation, as far as it is needed. */
export interface Invocation {
  getRemainingTimeInMillis(): number;
}

export type Handle = (event: unknown, context?: Invocation) => Promise<void>;

/** EventBridge and Lambda try for a day at most: nothing is delivered again later, s. */
const KEPT_SECONDS = 24 * 3600;

/**
 * Runs a handler once for each event where the environment names a table for that. What comes after the first run does nothing,
 * and what comes while it is under way, neither: the first run has retries and dead letters of its own, so that the event is not
 * lost where it fails. A run that failed may be tried again at once, one that was killed as soon as its time would have been over.
 */
export function handledOnce(from: NodeJS.ProcessEnv = process.env): (handle: Handle) => Handle {
  const tableName = from[handlerVariables.handledTable];
  if (!tableName) return (handle) => handle;
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
  return (handle) => async (event, context) => {
    if (context) config.registerLambdaContext(context as Parameters<typeof config.registerLambdaContext>[0]);
    let began = false;
    const run = (given: unknown) => {
      began = true;
      return handle(given, context);
    };
    try {
      await makeIdempotent(run, { config, persistenceStore })(event);
    } catch (error) {
      // A handler may use the same library, and throw the same.
      if (began || !(error instanceof IdempotencyAlreadyInProgressError)) throw error;
    }
  };
}
