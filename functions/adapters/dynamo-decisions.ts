import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { RouteDecision } from '../../contracts/route-decision.ts';
import { tables } from '../../contracts/tables.ts';
import type { DecisionRecords } from '../ports.ts';
import type { Expiry } from './retention.ts';

/** One write per call; one read more where the call has its decision already. */
export function dynamoDecisions(
  client: DynamoDBDocumentClient,
  table: string,
  expiry: Expiry,
): DecisionRecords {
  const standing = async (callId: string) => {
    const key = { callId, sk: tables.calls.decision };
    const { Item } = await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }));
    return RouteDecision.parse(Item?.['decision']);
  };
  return {
    async keepFirst(decision) {
      const put = new PutCommand({
        TableName: table,
        Item: { callId: decision.callId, sk: tables.calls.decision, decision, ttl: expiry() },
        ConditionExpression: 'attribute_not_exists(sk)',
      });
      try {
        await client.send(put);
        return decision;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return standing(decision.callId);
        throw error;
      }
    },
  };
}
