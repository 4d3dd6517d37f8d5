import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { type ConfigVersionRow, tables } from '../../contracts/tables.ts';
import { type ConfigItem, fromItems, nothingPushed } from '../../core/config-items.ts';
import { isWhole, itemsIn, notWhole, prefixIn } from '../../core/config-revision.ts';
import type { ConfigSource } from '../ports.ts';
import { type AwsIdentity, awsClient } from './aws-client.ts';

const { partition, version } = tables.config;

export interface ConfigTableOptions extends AwsIdentity {
  readonly tableName: string;
  readonly client?: DynamoDBClient;
}

/** Reads the version first, one small read; the configuration only when that has changed. */
export function configTable({ tableName, client, ...identity }: ConfigTableOptions): ConfigSource {
  const documents = DynamoDBDocumentClient.from(client ?? new DynamoDBClient(awsClient(identity)));
  return { load: (known) => loadConfig(documents, tableName, known) };
}

/** Exactly the version that its row names. Where a push clears that away meanwhile, the next one. */
export async function loadConfig(
  documents: DynamoDBDocumentClient,
  tableName: string,
  known: number | undefined,
): ReturnType<ConfigSource['load']> {
  let missed: number | undefined;
  for (;;) {
    const row = await versionRow(documents, tableName);
    if (row === undefined) return unturned(documents, tableName, known);
    if (row.value === known) return undefined;
    const items = itemsIn(row, await itemsUnder(documents, tableName, row));
    if (isWhole(row, items)) return fromItems([...items, row]);
    if (row.value === missed) throw notWhole(row, items);
    missed = row.value;
  }
}

/** No row: nothing was pushed yet, whatever a first push is writing or has left. @throws Error where there are bare items. */
async function unturned(
  documents: DynamoDBDocumentClient,
  tableName: string,
  known: number | undefined,
): ReturnType<ConfigSource['load']> {
  const bare = { pk: partition, sk: version, value: nothingPushed.version };
  const items = itemsIn(bare, await itemsUnder(documents, tableName, bare));
  if (items.length > 0) return fromItems(items);
  return known === nothingPushed.version ? undefined : nothingPushed;
}

export async function versionRow(
  documents: DynamoDBDocumentClient,
  tableName: string,
): Promise<ConfigVersionRow | undefined> {
  const key = { pk: partition, sk: version };
  const get = new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true });
  return (await documents.send(get)).Item as ConfigVersionRow | undefined;
}

async function itemsUnder(client: DynamoDBDocumentClient, TableName: string, row: ConfigVersionRow) {
  const prefix = prefixIn(row);
  const query = {
    ...{ TableName, ConsistentRead: true },
    KeyConditionExpression: prefix === '' ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': partition, ...(prefix === '' ? {} : { ':prefix': prefix }) },
  };
  const items: ConfigItem[] = [];
  for await (const page of paginateQuery({ client }, query))
    items.push(...((page.Items ?? []) as ConfigItem[]));
  return items;
}
