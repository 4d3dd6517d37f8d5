import { type DynamoDBDocumentClient, GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { tables } from '../../contracts/tables.ts';
import { type ConfigItem, fromItems } from '../../core/config-items.ts';
import type { ConfigTable } from '../ports.ts';

const { partition, version: versionKey } = tables.config;

/** One small read while the version stands; the whole partition when it changed. */
export function dynamoConfig(client: DynamoDBDocumentClient, table: string): ConfigTable {
  return {
    async load(known) {
      const key = { pk: partition, sk: versionKey };
      const { Item: version } = await client.send(
        new GetCommand({ TableName: table, Key: key, ConsistentRead: true }),
      );
      if (version !== undefined && version['value'] === known) return undefined;
      const named = (await itemsOf(client, table)).filter(({ sk }) => sk !== versionKey);
      // The version read first: one that was raised during the query would stand over items from before.
      return fromItems(version === undefined ? named : [...named, version as ConfigItem]);
    },
  };
}

async function itemsOf(client: DynamoDBDocumentClient, table: string): Promise<ConfigItem[]> {
  const pages = paginateQuery(
    { client },
    {
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': partition },
      ConsistentRead: true,
    },
  );
  const items: ConfigItem[] = [];
  for await (const { Items } of pages) items.push(...((Items ?? []) as ConfigItem[]));
  return items;
}
