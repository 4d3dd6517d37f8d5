import { Duration } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { Match, Schedule } from 'aws-cdk-lib/aws-events';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { commands } from '../contracts/commands.ts';
import { sources } from '../contracts/envelope.ts';
import { tables as keys } from '../contracts/tables.ts';
import { triggers } from './bus-rule.ts';
import type { Care } from './care.ts';
import { HandlerFunction, type Retries } from './handler-function.ts';
import { allow, asSource, inPartition } from './permissions.ts';
import { REAP_EVERY_SECONDS, type Settings } from './settings.ts';

export interface Platform {
  readonly bus: EventBus;
  readonly calls: Table;
  readonly config: Table;
  readonly fleet: Table;
  readonly edgeQueues: readonly Queue[];
  readonly edgeQueuePrefix: string;
  readonly settings: Settings;
  readonly care: Care;
}

/** A decision or a command is worth nothing a minute later: its caller has long been answered. */
const whileItMatters: Retries = { maxEventAge: Duration.seconds(60), deliveries: 3, reruns: 0 };

/** The record of a call must become complete, however late. */
const untilItIsDone: Retries = { maxEventAge: Duration.hours(6), deliveries: 185, reruns: 2 };

export function decideRoute(scope: Construct, on: Platform): HandlerFunction {
  const handler = new HandlerFunction(scope, {
    name: 'decide-route',
    env: {
      CALLS_TABLE: on.calls.tableName,
      CONFIG_TABLE: on.config.tableName,
      EDGE_QUEUE_PREFIX: on.edgeQueuePrefix,
      RETENTION_DAYS: String(on.settings.retentionDays),
    },
    may: [
      allow(['dynamodb:GetItem', 'dynamodb:PutItem'], on.calls.tableArn),
      allow(['dynamodb:GetItem', 'dynamodb:Query'], on.config.tableArn, inPartition(keys.config.partition)),
      ...on.edgeQueues.map((queue) => allow(['sqs:SendMessage'], queue.queueArn)),
    ],
    timeout: Duration.seconds(10),
    retries: whileItMatters,
    care: on.care,
    reservedConcurrency: on.settings.reservedConcurrency['decide-route'],
  });
  triggers(handler, {
    eventBus: on.bus,
    eventPattern: {
      source: [sources.edge],
      detailType: ['call.received'],
      detail: { continues: Match.doesNotExist() },
    },
  });
  return handler;
}

export function projectCall(scope: Construct, on: Platform): HandlerFunction {
  const handler = new HandlerFunction(scope, {
    name: 'project-call',
    env: { CALLS_TABLE: on.calls.tableName, RETENTION_DAYS: String(on.settings.retentionDays) },
    may: [
      allow(
        ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:Query'],
        on.calls.tableArn,
      ),
    ],
    timeout: Duration.seconds(30),
    retries: untilItIsDone,
    care: on.care,
    reservedConcurrency: on.settings.reservedConcurrency['project-call'],
  });
  triggers(handler, {
    eventBus: on.bus,
    eventPattern: {
      source: [sources.edge, sources.control],
      detailType: ['call.', 'media.', 'dtmf.', 'command.'].flatMap((family) => Match.prefix(family)),
    },
  });
  return handler;
}

export function acceptCommand(scope: Construct, on: Platform): HandlerFunction {
  const handler = new HandlerFunction(scope, {
    name: 'accept-command',
    env: {
      CALLS_TABLE: on.calls.tableName,
      FLEET_TABLE: on.fleet.tableName,
      EDGE_QUEUE_PREFIX: on.edgeQueuePrefix,
      BUS_NAME: on.bus.eventBusName,
      RETENTION_DAYS: String(on.settings.retentionDays),
    },
    may: [
      allow(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], on.calls.tableArn),
      allow(['dynamodb:Scan'], on.fleet.tableArn),
      allow(['events:PutEvents'], on.bus.eventBusArn, asSource(sources.control)),
      ...on.edgeQueues.map((queue) => allow(['sqs:SendMessage'], queue.queueArn)),
    ],
    timeout: Duration.seconds(15),
    retries: whileItMatters,
    care: on.care,
    reservedConcurrency: on.settings.reservedConcurrency['accept-command'],
  });
  triggers(handler, {
    eventBus: on.bus,
    // What edges and functions say bears the same names now and then; a command is what anybody else says.
    eventPattern: {
      source: Match.anythingBut(sources.edge, sources.control),
      detailType: Object.keys(commands),
    },
  });
  // Whoever mistypes the name of a command is told so, too.
  const mistyped = {
    source: [sources.client, sources.command],
    detailType: Match.anythingBut(...Object.keys(commands)),
  };
  triggers(handler, { eventBus: on.bus, eventPattern: mistyped }, 'Mistyped');
  return handler;
}

export function collectDtmf(scope: Construct, on: Platform): HandlerFunction {
  const handler = commanding(scope, on, 'collect-dtmf');
  const source = [sources.edge];
  // Calls of which nobody asks anything cost nothing.
  const asked = { detailType: ['call.answered'], detail: { collect: Match.exists() } };
  const missed = {
    detailType: ['dtmf.collected'],
    detail: { name: Match.exists(), outcome: Match.anythingBut('complete') },
  };
  triggers(handler, { eventBus: on.bus, eventPattern: { source, ...asked } }, 'Asked');
  triggers(handler, { eventBus: on.bus, eventPattern: { source, ...missed } }, 'Missed');
  return handler;
}

export function codecPolicy(scope: Construct, on: Platform): HandlerFunction {
  const handler = commanding(scope, on, 'codec-policy');
  const source = [sources.edge];
  // Calls whose audio goes through as it is cost nothing.
  const converted = { detailType: ['call.answered'], detail: { transcoded: [true] } };
  const broken = { detailType: ['media.contract-broken'] };
  triggers(handler, { eventBus: on.bus, eventPattern: { source, ...converted } }, 'Converted');
  triggers(handler, { eventBus: on.bus, eventPattern: { source, ...broken } }, 'Broken');
  return handler;
}

/** A function that reads the record of a call and the configuration, and sends commands to the edge of the call. */
function commanding(scope: Construct, on: Platform, name: 'collect-dtmf' | 'codec-policy'): HandlerFunction {
  return new HandlerFunction(scope, {
    name,
    env: {
      CALLS_TABLE: on.calls.tableName,
      CONFIG_TABLE: on.config.tableName,
      EDGE_QUEUE_PREFIX: on.edgeQueuePrefix,
      RETENTION_DAYS: String(on.settings.retentionDays),
    },
    may: [
      allow(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], on.calls.tableArn),
      allow(['dynamodb:GetItem', 'dynamodb:Query'], on.config.tableArn, inPartition(keys.config.partition)),
      ...on.edgeQueues.map((queue) => allow(['sqs:SendMessage'], queue.queueArn)),
    ],
    timeout: Duration.seconds(15),
    retries: whileItMatters,
    care: on.care,
    reservedConcurrency: on.settings.reservedConcurrency[name],
  });
}

export function reapCalls(scope: Construct, on: Platform): HandlerFunction {
  const handler = new HandlerFunction(scope, {
    name: 'reap-calls',
    env: {
      CALLS_TABLE: on.calls.tableName,
      FLEET_TABLE: on.fleet.tableName,
      BUS_NAME: on.bus.eventBusName,
      EDGE_LOST_AFTER_SECONDS: String(on.settings.edgeLostAfterSeconds),
    },
    may: [
      allow(['dynamodb:GetItem'], on.calls.tableArn),
      allow(['dynamodb:Scan'], `${on.calls.tableArn}/index/${keys.calls.activeByEdge}`),
      allow(['dynamodb:Scan'], on.fleet.tableArn),
      allow(['events:PutEvents'], on.bus.eventBusArn, asSource(sources.control)),
    ],
    timeout: Duration.seconds(55),
    // The next minute's run does what this one did not.
    retries: whileItMatters,
    care: on.care,
    reservedConcurrency: on.settings.reservedConcurrency['reap-calls'],
  });
  triggers(handler, { schedule: Schedule.rate(Duration.seconds(REAP_EVERY_SECONDS)) });
  // A new life of an edge is the end of the calls of its last one: nobody need wait for the schedule.
  const started = { source: [sources.edge], detailType: ['edge.started'] };
  triggers(handler, { eventBus: on.bus, eventPattern: started }, 'EdgeStarted');
  return handler;
}
