import { AnyEvent } from '../../contracts/events.ts';
import { dynamoDb } from '../adapters/clients.ts';
import { dynamoCalls } from '../adapters/dynamo-calls.ts';
import { afterDays } from '../adapters/retention.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { busHandler } from '../bus-handler.ts';
import { ProjectCallEnv, readEnv } from '../env.ts';
import { logOf } from '../log.ts';
import { patience, project } from '../project-call.ts';

const env = readEnv(ProjectCallEnv);

export const handler = busHandler(
  'project-call',
  AnyEvent,
  project({
    calls: dynamoCalls(dynamoDb(), env.CALLS_TABLE, afterDays(env.RETENTION_DAYS, systemClock)),
    patience,
  }),
  logOf('project-call', env.PLATFORM),
);
