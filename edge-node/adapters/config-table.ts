import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { tables } from '../../contracts/tables.ts';
import { type ConfigItem, fromItems, nothingPushed } from '../../core/config-items.ts';
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
  const everything = {
    TableName: tableName,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': partition },
  };
  return {
    async load(known) {
      const key = { pk: partition, sk: version };
      const { Item } = await documents.send(
        new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }),
      );
      if (known !== undefined && Item?.['value'] === known) return undefined;
      const items: ConfigItem[] = [];
      for await (const page of paginateQuery({ client: documents }, everything)) {
        items.push(...((page.Items ?? []) as ConfigItem[]));
      }
      if (items.length === 0) return known === nothingPushed.version ? undefined : nothingPushed;
      return fromItems(items);
    },
  };
}
