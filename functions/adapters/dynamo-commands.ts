import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Command } from '../../contracts/commands.ts';
import { DeliveredCommand } from '../../contracts/edge-message.ts';
import { tables } from '../../contracts/tables.ts';
import type { CommandRecords } from '../ports.ts';
import type { Expiry } from './retention.ts';

/** Three writes per command: its row, the count on the call's state item, and the number drawn from it in the row. */
export function dynamoCommands(
  client: DynamoDBDocumentClient,
  table: string,
  expiry: Expiry,
): CommandRecords {
  const keyOf = ({ callId, id }: Command) => ({ callId, sk: tables.calls.command(id) });

  const rowOf = async (command: Command) =>
    (await client.send(new GetCommand({ TableName: table, Key: keyOf(command), ConsistentRead: true }))).Item;

  const add = async (command: Command): Promise<boolean> => {
    const put = new PutCommand({
      TableName: table,
      Item: { ...keyOf(command), command, ttl: expiry() },
      ConditionExpression: 'attribute_not_exists(sk)',
    });
    return client.send(put).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      },
    );
  };

  const nextNumber = async (callId: string): Promise<number> => {
    const { Attributes } = await client.send(
      new UpdateCommand({
        TableName: table,
        Key: { callId, sk: tables.calls.state },
        UpdateExpression: 'ADD commandSequence :one',
        ConditionExpression: 'attribute_exists(sk)',
        ExpressionAttributeValues: { ':one': 1 },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    return Number(Attributes?.['commandSequence']);
  };

  /** Two deliveries may draw a number each; the first that arrives stays, so all of them send the same. */
  const numbered = async (command: Command): Promise<unknown> => {
    const { Attributes } = await client.send(
      new UpdateCommand({
        TableName: table,
        Key: keyOf(command),
        UpdateExpression: 'SET #sequence = if_not_exists(#sequence, :drawn)',
        ExpressionAttributeNames: { '#sequence': 'sequence' },
        ExpressionAttributeValues: { ':drawn': await nextNumber(command.callId) },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    return Attributes?.['sequence'];
  };

  return {
    has: async (command) => (await rowOf(command)) !== undefined,
    async keepFirst(command) {
      const row = (await add(command)) ? undefined : await rowOf(command);
      const sequence = row?.['sequence'] ?? (await numbered(command));
      return DeliveredCommand.parse({
        kind: 'command',
        version: 1,
        sequence,
        command: row?.['command'] ?? command,
      });
    },
  };
}
