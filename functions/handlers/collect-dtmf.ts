import { patience } from '../accept-command.ts';
import { dynamoDb, sqs } from '../adapters/clients.ts';
import { dynamoCallStates } from '../adapters/dynamo-calls.ts';
import { dynamoCommands } from '../adapters/dynamo-commands.ts';
import { dynamoConfig } from '../adapters/dynamo-config.ts';
import { afterDays } from '../adapters/retention.ts';
import { sqsEdgeQueues } from '../adapters/sqs-edge-queues.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { busHandler } from '../bus-handler.ts';
import { collect, Moment } from '../collect-dtmf.ts';
import { CommandingEnv, readEnv } from '../env.ts';
import { logOf } from '../log.ts';
import { cachedRouting } from '../routing.ts';

const env = readEnv(CommandingEnv);
const db = dynamoDb();

export const handler = busHandler(
  'collect-dtmf',
  Moment,
  collect({
    routing: cachedRouting(dynamoConfig(db, env.CONFIG_TABLE)),
    calls: dynamoCallStates(db, env.CALLS_TABLE),
    commands: dynamoCommands(db, env.CALLS_TABLE, afterDays(env.RETENTION_DAYS, systemClock)),
    edges: sqsEdgeQueues(sqs(), env.EDGE_QUEUE_PREFIX),
    clock: systemClock,
    patience,
  }),
  logOf('collect-dtmf', env.PLATFORM),
);
