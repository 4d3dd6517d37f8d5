import * as z from 'zod';
import { dynamoDb, eventBridge } from '../adapters/clients.ts';
import { dynamoActiveCalls } from '../adapters/dynamo-active-calls.ts';
import { dynamoCallStates } from '../adapters/dynamo-calls.ts';
import { dynamoFleet } from '../adapters/dynamo-fleet.ts';
import { eventBridgeAnnouncements } from '../adapters/eventbridge-announcements.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { busHandler } from '../bus-handler.ts';
import { ReapCallsEnv, readEnv } from '../env.ts';
import { logOf } from '../log.ts';
import { reap } from '../reap-calls.ts';

const env = readEnv(ReapCallsEnv);
const db = dynamoDb();

/** Woken by the clock: the event itself says nothing. */
export const handler = busHandler(
  'reap-calls',
  z.unknown(),
  reap({
    active: dynamoActiveCalls(db, env.CALLS_TABLE),
    calls: dynamoCallStates(db, env.CALLS_TABLE),
    fleet: dynamoFleet(db, env.FLEET_TABLE),
    announce: eventBridgeAnnouncements(eventBridge(), env.BUS_NAME),
    clock: systemClock,
    edgeLostAfterMs: env.EDGE_LOST_AFTER_SECONDS * 1000,
  }),
  logOf('reap-calls', env.PLATFORM),
);
