import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateQuery, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { TrunklineEvent } from '../contracts/events.ts';
import { RegistrationRow, tables } from '../contracts/tables.ts';
import type { CallState } from '../core/call-state.ts';
import { type RoutingTable, routingTable } from './routing-table.ts';

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
  /** The routing configuration. */
  readonly routing: RoutingTable;
}

export function openStateTables({ outputs, env }: StateLocation): StateTables {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientSettings(env)));
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
    routing: routingTable(client, configTable),
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}

/** Of any client of AWS; where `env` is empty the SDK finds them by itself. */
export const clientSettings = (env: StateLocation['env']) => ({
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
});

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

const stateIn = (item: Record<string, unknown>): CallState | undefined =>
  item['state'] as CallState | undefined;
const isKnown = (state: CallState | undefined): state is CallState => state !== undefined;
