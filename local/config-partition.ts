import { DeleteCommand, type DynamoDBDocumentClient, PutCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import pLimit from 'p-limit';
import { type ConfigVersionRow, tables } from '../contracts/tables.ts';
import type { ConfigItem } from '../core/config-items.ts';
import { type ConfigRevision, itemsIn, prefixIn } from '../core/config-revision.ts';
import { versionRow } from '../edge-node/adapters/config-table.ts';

const { partitionKey, partition, version: versionKey } = tables.config;

/** Requests under way at one time: a partition takes 1,000 writes a second, and each waits for its answer. */
const AT_ONCE = 16;

/** What lies in the partition: the configuration under its bare names, and what belongs to no configuration any more. */
export async function standing(client: DynamoDBDocumentClient, TableName: string) {
  const found: ConfigItem[] = [];
  const query = {
    ...{ TableName, ConsistentRead: true, KeyConditionExpression: '#key = :value' },
    ExpressionAttributeNames: { '#key': partitionKey },
    ExpressionAttributeValues: { ':value': partition },
  };
  for await (const { Items = [] } of paginateQuery({ client }, query)) found.push(...(Items as ConfigItem[]));
  const row = found.find(({ sk }) => sk === versionKey) as ConfigVersionRow | undefined;
  const named = found.map(({ sk }) => sk).filter((sk) => sk !== versionKey);
  return {
    row,
    items: row === undefined ? [] : itemsIn(row, found),
    strays: named.filter((sk) => row === undefined || !sk.startsWith(prefixIn(row))),
  };
}

/** An item of a revision never changes. One that is there already is from an earlier try of this very request. */
export async function writeOnce(
  client: DynamoDBDocumentClient,
  TableName: string,
  item: ConfigItem,
): Promise<void> {
  const put = { TableName, Item: { ...item }, ConditionExpression: 'attribute_not_exists(sk)' };
  await client.send(new PutCommand(put)).catch((cause: Error) => {
    if (!isRefused(cause)) throw cause;
  });
}

/** The one write that changes the configuration, where nobody else has changed it since `before` was read. */
export async function turn(
  client: DynamoDBDocumentClient,
  TableName: string,
  before: ConfigVersionRow | undefined,
  { row }: ConfigRevision,
): Promise<void> {
  const put = {
    ...{ TableName, Item: row, ExpressionAttributeNames: { '#value': 'value' } },
    ...(before === undefined
      ? { ConditionExpression: 'attribute_not_exists(#value)' }
      : { ConditionExpression: '#value = :before', ExpressionAttributeValues: { ':before': before.value } }),
  };
  await client.send(new PutCommand(put)).catch(async (cause: Error) => {
    if (!isRefused(cause)) throw cause;
    const stands = await versionRow(client, TableName);
    // The answer to the first try was lost on its way, and the SDK tried again.
    if (stands?.revision === row.revision) return;
    throw new Error(
      `somebody else has just pushed version ${stands?.value}: look at it with \`config diff\`, then push it again`,
      { cause },
    );
  });
}

/**
 * They were there before the version was turned, so no push that can still win has written them: it would have to turn
 * the version that it saw before, and that is gone.
 */
export async function cleared(
  client: DynamoDBDocumentClient,
  TableName: string,
  strays: readonly string[],
): Promise<string | undefined> {
  try {
    await eachOf(strays, (sk) => client.send(new DeleteCommand({ TableName, Key: { pk: partition, sk } })));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Several at a time; after the first failure none is begun. */
export async function eachOf<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const limit = pLimit(AT_ONCE);
  try {
    await Promise.all(all.map((one) => limit(() => work(one))));
  } catch (error) {
    limit.clearQueue();
    throw error;
  }
}

const isRefused = ({ name }: Error): boolean => name === 'ConditionalCheckFailedException';
