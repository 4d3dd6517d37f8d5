import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { CallScopedEvent } from '../../contracts/events.ts';
import { tables } from '../../contracts/tables.ts';
import { beginningOf, type CallState } from '../../core/call-state.ts';
import type { CallRecord, CallRecords, CallStates } from '../ports.ts';
import type { Expiry } from './retention.ts';

const stateKey = (callId: string) => ({ callId, sk: tables.calls.state });

export function dynamoCallStates(client: DynamoDBDocumentClient, table: string): CallStates {
  return {
    async load(callId, freshness) {
      const { Item } = await client.send(
        new GetCommand({
          TableName: table,
          Key: stateKey(callId),
          ConsistentRead: freshness === 'latest',
          ProjectionExpression: '#state, revision',
          ExpressionAttributeNames: { '#state': 'state' },
        }),
      );
      return Item as CallRecord | undefined;
    },
  };
}

/** Every change is one conditional write. */
export function dynamoCalls(client: DynamoDBDocumentClient, table: string, expiry: Expiry): CallRecords {
  return {
    ...dynamoCallStates(client, table),

    save: (state, after) =>
      unlessRefused(
        client.send(new UpdateCommand({ TableName: table, ...changeTo(state, after, expiry()) })),
      ),

    addEvent: (event) =>
      unlessRefused(
        client.send(
          new PutCommand({
            TableName: table,
            Item: { callId: event.callId, sk: rowOf(event), event, ttl: expiry() },
            ConditionExpression: 'attribute_not_exists(sk)',
          }),
        ),
      ),

    async eventsFrom(callId, seq) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'callId = :callId AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: {
            ':callId': callId,
            ':from': tables.calls.event(seq),
            ':to': tables.calls.event(LAST_SEQ),
          },
          ConsistentRead: true,
          Limit: 100,
        }),
      );
      return Items.map(({ event }) => event as CallScopedEvent);
    },
  };
}

/** Sort keys hold six digits. */
const LAST_SEQ = 999_999;

const rowOf = ({ seq, id }: { seq?: number | undefined; id: string }) =>
  seq === undefined ? tables.calls.controlEvent(id) : tables.calls.event(seq);

/** Attributes that others keep on the same item, such as the count of commands, stay as they are. */
function changeTo(state: CallState, after: number | undefined, ttl: number) {
  const attributes: Record<string, unknown> = {
    state,
    revision: (after ?? 0) + 1,
    edge: state.edge,
    startedAt: beginningOf(state)?.time,
    // An empty string cannot be the key of an index.
    number: beginningOf(state)?.to.number || undefined,
    activeEdge: state.ended ? undefined : state.edge?.id,
    ttl,
  };
  const known = Object.keys(attributes).filter((name) => attributes[name] !== undefined);
  const gone = Object.keys(attributes).filter((name) => attributes[name] === undefined);
  const set = `SET ${known.map((name) => `#${name} = :${name}`).join(', ')}`;
  const remove = gone.length === 0 ? '' : ` REMOVE ${gone.map((name) => `#${name}`).join(', ')}`;
  return {
    Key: stateKey(state.callId),
    UpdateExpression: set + remove,
    ConditionExpression: after === undefined ? 'attribute_not_exists(#revision)' : '#revision = :after',
    ExpressionAttributeNames: Object.fromEntries(Object.keys(attributes).map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ...Object.fromEntries(known.map((name) => [`:${name}`, attributes[name]])),
      ...(after === undefined ? {} : { ':after': after }),
    },
  };
}

/** Whether a conditional write took place. */
async function unlessRefused(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
