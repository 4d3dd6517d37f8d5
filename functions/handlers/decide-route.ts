import { dynamoDb, sqs } from '../adapters/clients.ts';
import { dynamoConfig } from '../adapters/dynamo-config.ts';
import { dynamoDecisions } from '../adapters/dynamo-decisions.ts';
import { afterDays } from '../adapters/retention.ts';
import { sqsEdgeQueues } from '../adapters/sqs-edge-queues.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { busHandler } from '../bus-handler.ts';
import { answer, Question } from '../decide-route.ts';
import { DecideRouteEnv, readEnv } from '../env.ts';
import { logOf } from '../log.ts';
import { cachedRouting } from '../routing.ts';

const env = readEnv(DecideRouteEnv);
const db = dynamoDb();

export const handler = busHandler(
  'decide-route',
  Question,
  answer({
    routing: cachedRouting(dynamoConfig(db, env.CONFIG_TABLE)),
    decisions: dynamoDecisions(db, env.CALLS_TABLE, afterDays(env.RETENTION_DAYS, systemClock)),
    edges: sqsEdgeQueues(sqs(), env.EDGE_QUEUE_PREFIX),
    clock: systemClock,
  }),
  logOf('decide-route', env.PLATFORM),
);
