import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, paginateQuery, paginateScan } from '@aws-sdk/lib-dynamodb';
import { RoutingConfig, type RoutingConfigInput } from '../contracts/config.ts';
import type { TrunklineEvent } from '../contracts/events.ts';
import { tables } from '../contracts/tables.ts';
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

  const itemsOf = async (callId: string) => {
    const items: Record<string, unknown>[] = [];
    const query = {
      TableName: callsTable,
      KeyConditionExpression: 'callId = :callId',
      ExpressionAttributeValues: { ':callId': callId },
    };
    for await (const page of paginateQuery({ client }, query)) items.push(...(page.Items ?? []));
    return items;
  };
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
      const item = (await itemsOf(callId)).find(({ sk }) => sk === tables.calls.state);
      return item && stateIn(item);
    },
    async timeline(callId) {
      const items = await itemsOf(callId);
      return items
        .filter(({ sk }) => String(sk).startsWith(tables.calls.eventPrefix))
        .map((item) => item['event'] as TrunklineEvent);
    },
    async pushConfig(input) {
      const items = toItems(RoutingConfig.parse(input), Date.now());
      // The version goes last: whoever sees it finds the rest.
      for (const Item of [...items].reverse() as ConfigItem[])
        await client.send(new PutCommand({ TableName: configTable, Item: { ...Item } }));
      return items.length;
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}

const stateIn = (item: Record<string, unknown>): CallState | undefined =>
  item['state'] as CallState | undefined;
const isKnown = (state: CallState | undefined): state is CallState => state !== undefined;
