import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { CallOriginate } from '../../contracts/commands.ts';
import { tables } from '../../contracts/tables.ts';
import type { Originations } from '../ports.ts';
import type { Expiry } from './retention.ts';

const Row = z.object({ command: CallOriginate, queue: z.string() });

/** One conditional write per call that is to be begun. */
export function dynamoOriginations(
  client: DynamoDBDocumentClient,
  table: string,
  expiry: Expiry,
): Originations {
  return {
    async keepFirst(command, queue) {
      const key = { callId: command.callId, sk: tables.calls.origin };
      const put = new PutCommand({
        TableName: table,
        Item: { ...key, command, queue, ttl: expiry() },
        ConditionExpression: 'attribute_not_exists(sk)',
      });
      try {
        await client.send(put);
        return { command, queue };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        const get = new GetCommand({ TableName: table, Key: key, ConsistentRead: true });
        return Row.parse((await client.send(get)).Item);
      }
    },
  };
}
