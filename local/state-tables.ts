import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  paginateQuery,
  paginateScan,
} from '@aws-sdk/lib-dynamodb';
import { RoutingConfig, type RoutingConfigInput } from '../contracts/config.ts';
import type { TrunklineEvent } from '../contracts/events.ts';
import { RegistrationRow, tables } from '../contracts/tables.ts';
import type { CallState } from '../core/call-state.ts';
import { type ConfigItem, toItems } from '../core/config-items.ts';

/** Where the tables are: the outputs of the stack and the environment for its clients. */
export interface StateLocation {
  readonly outputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

/** Reads calls and writes the configuration, through the SDK like everybody else. */
export interface StateTables extends AsyncDisposable {
  calls(): Promise<CallState[]>;
  call(callId: string): Promise<CallState | undefined>;
  /** The stored events of a call, in order. */
  timeline(callId: string): Promise<TrunklineEvent[]>;
  /** Every contact of every user that is registered with an edge, without what lets others call it. */
  registrations(): Promise<Registration[]>;
  /**
   * Makes this the whole configuration; gives the number of its items. @throws Error when another push ended meanwhile:
   * the table may hold parts of both until one of them is pushed again.
   */
  pushConfig(config: RoutingConfigInput): Promise<number>;
}

export function openStateTables({ outputs, env }: StateLocation): StateTables {
  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      ...(env['AWS_ENDPOINT_URL'] ? { endpoint: env['AWS_ENDPOINT_URL'] } : {}),
      ...(env['AWS_REGION'] ? { region: env['AWS_REGION'] } : {}),
      ...(env['AWS_ACCESS_KEY_ID']
        ? {
            credentials: {
              accessKeyId: env['AWS_ACCESS_KEY_ID'],
              secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
            },
          }
        : {}),
    }),
  );
  const callsTable = outputs['CallsTable'] ?? '';
  const configTable = outputs['ConfigTable'] ?? '';
  const registrationsTable = outputs['RegistrationsTable'] ?? '';

  const itemsOfCall = (callId: string) => itemsOf(client, callsTable, tables.calls.partitionKey, callId);
  return {
    async calls() {
      const states: CallState[] = [];
      const scan = {
        TableName: callsTable,
        FilterExpression: 'sk = :state',
        ExpressionAttributeValues: { ':state': tables.calls.state },
      };
      for await (const page of paginateScan({ client }, scan))
        states.push(...(page.Items ?? []).map(stateIn).filter(isKnown));
      return states.sort((a, b) => a.callId.localeCompare(b.callId));
    },
    async call(callId) {
      const item = (await itemsOfCall(callId)).find(({ sk }) => sk === tables.calls.state);
      return item && stateIn(item);
    },
    async timeline(callId) {
      const items = await itemsOfCall(callId);
      return items
        .filter(({ sk }) => String(sk).startsWith(tables.calls.eventPrefix))
        .map((item) => item['event'] as TrunklineEvent);
    },
    async registrations() {
      const rows: Registration[] = [];
      for await (const page of paginateScan({ client }, { TableName: registrationsTable }))
        rows.push(...(page.Items ?? []).map((item) => withoutPass(RegistrationRow.parse(item))));
      return rows;
    },
    pushConfig: (input) => pushConfig(client, configTable, input),
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}

export type Registration = Omit<RegistrationRow, 'pass'>;

const withoutPass = ({ pass: _, ...row }: RegistrationRow): Registration => row;

type Item = Record<string, unknown>;

/** All items of one partition. */
async function itemsOf(client: DynamoDBDocumentClient, TableName: string, key: string, value: string) {
  const items: Item[] = [];
  const query = {
    TableName,
    ConsistentRead: true,
    KeyConditionExpression: '#key = :value',
    ExpressionAttributeNames: { '#key': key },
    ExpressionAttributeValues: { ':value': value },
  };
  for await (const page of paginateQuery({ client }, query)) items.push(...(page.Items ?? []));
  return items;
}

async function pushConfig(client: DynamoDBDocumentClient, TableName: string, input: RoutingConfigInput) {
  const { partitionKey, partition, version } = tables.config;
  const there = await itemsOf(client, TableName, partitionKey, partition);
  const seen = there.find(({ sk }) => sk === version)?.['value'];
  const items = toItems(RoutingConfig.parse(input), Math.max(Date.now(), Number(seen ?? 0) + 1));
  const kept = new Set(items.map(({ sk }) => sk));

  for (const item of items.filter((each) => !isMark(each)))
    await client.send(new PutCommand({ TableName, Item: item }));
  for (const { pk, sk } of there.filter((item) => !kept.has(String(item['sk']))))
    await client.send(new DeleteCommand({ TableName, Key: { pk, sk } }));
  // The version goes last: whoever sees it finds the rest.
  const mark = { TableName, Item: { ...items.find(isMark) }, ...unchanged(seen) };
  await client.send(new PutCommand(mark)).catch((cause: Error) => {
    if (cause.name !== 'ConditionalCheckFailedException') throw cause;
    throw new Error('somebody else has pushed a configuration meanwhile: push it again', { cause });
  });
  return items.length;
}

const stateIn = (item: Record<string, unknown>): CallState | undefined =>
  item['state'] as CallState | undefined;
const isKnown = (state: CallState | undefined): state is CallState => state !== undefined;

const isMark = ({ sk }: ConfigItem) => sk === tables.config.version;

const unchanged = (seen: unknown) =>
  seen === undefined
    ? { ConditionExpression: 'attribute_not_exists(pk)' }
    : {
        ConditionExpression: '#value = :seen',
        ExpressionAttributeNames: { '#value': 'value' },
        ExpressionAttributeValues: { ':seen': seen },
      };
