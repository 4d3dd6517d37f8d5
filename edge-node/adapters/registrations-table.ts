import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { RegistrationRow, tables } from '../../contracts/tables.ts';
import type { RegistrationsTable } from '../ports.ts';
import { type AwsIdentity, awsClient } from './aws-client.ts';

export interface RegistrationsTableOptions extends AwsIdentity {
  readonly tableName: string;
  readonly client?: DynamoDBClient;
}

const { partitionKey, user: keyOfUser } = tables.registrations;

/** What an earlier life of the edge wrote gives way; what a later one did, or a later write of this one, stays. */
const notOlder = {
  ConditionExpression:
    'attribute_not_exists(epoch) OR epoch < :epoch OR (epoch = :epoch AND revision <= :revision)',
};
const ofWriter = ({ epoch, revision }: { readonly epoch: number; readonly revision: number }) => ({
  ...notOlder,
  ExpressionAttributeValues: { ':epoch': epoch, ':revision': revision },
});

export function registrationsTable({
  tableName,
  client,
  ...identity
}: RegistrationsTableOptions): RegistrationsTable {
  const documents = DynamoDBDocumentClient.from(client ?? new DynamoDBClient(awsClient(identity)));
  return {
    async put(row) {
      const command = new PutCommand({ TableName: tableName, Item: { ...row }, ...ofWriter(row) });
      await documents.send(command).catch(unlessOvertaken);
    },
    async remove({ user, place, ...writer }) {
      const command = new DeleteCommand({ TableName: tableName, Key: { user, place }, ...ofWriter(writer) });
      await documents.send(command).catch(unlessOvertaken);
    },
    async of(trunk, name) {
      const rows: RegistrationRow[] = [];
      const query = {
        TableName: tableName,
        ConsistentRead: true,
        KeyConditionExpression: '#user = :user',
        ExpressionAttributeNames: { '#user': partitionKey },
        ExpressionAttributeValues: { ':user': keyOfUser(trunk, name) },
      };
      for await (const { Items = [] } of paginateQuery({ client: documents }, query))
        rows.push(...Items.map((item) => RegistrationRow.parse(item)));
      return rows;
    },
  };
}

function unlessOvertaken(cause: unknown): void {
  if (!(cause instanceof ConditionalCheckFailedException)) throw cause;
}
