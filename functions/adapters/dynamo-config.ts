import { type DynamoDBDocumentClient, GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { type ConfigVersionRow, tables } from '../../contracts/tables.ts';
import { type ConfigItem, fromItems } from '../../core/config-items.ts';
import { isWhole, itemsIn, notWhole, prefixIn } from '../../core/config-revision.ts';
import type { ConfigTable } from '../ports.ts';

const { partition, version: versionKey } = tables.config;

/** One small read while the version stands; every item of exactly that version when it changed. */
export function dynamoConfig(client: DynamoDBDocumentClient, table: string): ConfigTable {
  return {
    async load(known) {
      let missed: number | undefined;
      for (;;) {
        const row = await versionRow(client, table);
        if (row === undefined) return fromItems([]);
        if (row.value === known) return undefined;
        const items = itemsIn(row, await itemsUnder(client, table, prefixIn(row)));
        if (isWhole(row, items)) return fromItems([...items, row]);
        // Pushes have cleared it away during the read: then another version stands.
        if (row.value === missed) throw notWhole(row, items);
        missed = row.value;
      }
    },
  };
}

async function versionRow(client: DynamoDBDocumentClient, table: string) {
  const Key = { pk: partition, sk: versionKey };
  const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item as ConfigVersionRow | undefined;
}

async function itemsUnder(
  client: DynamoDBDocumentClient,
  table: string,
  prefix: string,
): Promise<ConfigItem[]> {
  const isBare = prefix === '';
  const pages = paginateQuery(
    { client },
    {
      TableName: table,
      KeyConditionExpression: isBare ? 'pk = :pk' : 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': partition, ...(isBare ? {} : { ':prefix': prefix }) },
      ConsistentRead: true,
    },
  );
  const items: ConfigItem[] = [];
  for await (const { Items } of pages) items.push(...((Items ?? []) as ConfigItem[]));
  return items;
}
