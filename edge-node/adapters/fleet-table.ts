import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { FleetRow } from '../../contracts/tables.ts';
import type { FleetDirectory, FleetRegister } from '../ports.ts';
import { type AwsIdentity, awsClient } from './aws-client.ts';

export interface FleetTableOptions extends AwsIdentity {
  readonly tableName: string;
  readonly client?: DynamoDBClient;
}

/** Keeps this edge's own row, and reads the others'. A newer life of the same edge is never overwritten by an older one. */
export function fleetTable({
  tableName,
  client,
  ...identity
}: FleetTableOptions): FleetRegister & FleetDirectory {
  const documents = DynamoDBDocumentClient.from(client ?? new DynamoDBClient(awsClient(identity)));
  return {
    async find(edgeId) {
      const { Item } = await documents.send(new GetCommand({ TableName: tableName, Key: { edgeId } }));
      return Item as FleetRow | undefined;
    },
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
