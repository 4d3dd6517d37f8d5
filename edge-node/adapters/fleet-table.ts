import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { FleetRegister } from '../ports.ts';
import { awsClient } from './aws-client.ts';

export interface FleetTableOptions {
  readonly tableName: string;
  readonly client?: DynamoDBClient;
}

/** Keeps this edge's own row. A newer life of the same edge is never overwritten by an older one. */
export function fleetTable({ tableName, client }: FleetTableOptions): FleetRegister {
  const documents = DynamoDBDocumentClient.from(client ?? new DynamoDBClient(awsClient()));
  return {
    async beat(row) {
      const put = new PutCommand({
        TableName: tableName,
        Item: { ...row },
        ConditionExpression: 'attribute_not_exists(edgeId) OR epoch <= :epoch',
        ExpressionAttributeValues: { ':epoch': row.epoch },
      });
      await documents.send(put).catch((cause: unknown) => {
        if (!(cause instanceof ConditionalCheckFailedException)) throw cause;
        throw new Error(
          `a newer process calls itself edge "${row.edgeId}": give each edge a TRUNKLINE_EDGE_ID of its own`,
          { cause },
        );
      });
    },
  };
}
