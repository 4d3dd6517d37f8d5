import * as z from 'zod';
import { accept, patience } from '../accept-command.ts';
import { dynamoDb, eventBridge, sqs } from '../adapters/clients.ts';
import { dynamoCallStates } from '../adapters/dynamo-calls.ts';
import { dynamoCommands } from '../adapters/dynamo-commands.ts';
import { dynamoEdgeRows } from '../adapters/dynamo-fleet.ts';
import { dynamoOriginations } from '../adapters/dynamo-originations.ts';
import { eventBridgeAnnouncements } from '../adapters/eventbridge-announcements.ts';
import { afterDays } from '../adapters/retention.ts';
import { sqsEdgeQueues } from '../adapters/sqs-edge-queues.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { busHandler } from '../bus-handler.ts';
import { AcceptCommandEnv, readEnv } from '../env.ts';
import { logOf } from '../log.ts';

const env = readEnv(AcceptCommandEnv);
const db = dynamoDb();
const expiry = afterDays(env.RETENTION_DAYS, systemClock);

/** Any detail is let in: one that is no command is answered with command.refused, which its sender can hear. */
export const handler = busHandler(
  'accept-command',
  z.unknown(),
  accept({
    calls: dynamoCallStates(db, env.CALLS_TABLE),
    commands: dynamoCommands(db, env.CALLS_TABLE, expiry),
    originations: dynamoOriginations(db, env.CALLS_TABLE, expiry),
    fleet: dynamoEdgeRows(db, env.FLEET_TABLE),
    edges: sqsEdgeQueues(sqs(), env.EDGE_QUEUE_PREFIX),
    announce: eventBridgeAnnouncements(eventBridge(), env.BUS_NAME),
    clock: systemClock,
    patience,
  }),
  logOf('accept-command', env.PLATFORM),
);
