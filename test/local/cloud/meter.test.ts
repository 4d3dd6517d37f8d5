import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Metered } from '../../../local/cloud/meter.ts';
import { aCloud, type TestCloud } from './a-cloud.ts';

const text = (...names: string[]) => names.map((AttributeName) => ({ AttributeName, AttributeType: 'S' }));
const hash = (AttributeName: string) => [{ AttributeName, KeyType: 'HASH' }];

let cloud: TestCloud;
let db: DynamoDBDocumentClient;

beforeAll(async () => {
  cloud = await aCloud(
    {
      Calls: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          AttributeDefinitions: text('id', 'active', 'number'),
          KeySchema: hash('id'),
          GlobalSecondaryIndexes: [
            {
              IndexName: 'by-active',
              KeySchema: hash('active'),
              Projection: { ProjectionType: 'KEYS_ONLY' },
            },
            {
              IndexName: 'by-number',
              KeySchema: hash('number'),
              Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['name'] },
            },
          ],
        },
      },
      Inbox: { Type: 'AWS::SQS::Queue' },
      Echo: {
        Type: 'AWS::Lambda::Function',
        Properties: { Handler: 'index.handler', Code: { S3Key: 'echo.zip' }, MemorySize: 256 },
      },
    },
    {
      metered: true,
      code: {
        echo: "export const handler = async (event) => { console.log('twelve bytes'); return event; };",
      },
    },
  );
  db = DynamoDBDocumentClient.from(cloud.db);
});
afterAll(() => cloud?.[Symbol.asyncDispose]());

/** What `work` adds to the counts of the tables. */
async function units(work: () => Promise<unknown>): Promise<Metered['tables']> {
  const before = cloud.bill().tables;
  await work();
  const after = cloud.bill().tables;
  return {
    readUnits: after.readUnits - before.readUnits,
    writeUnits: after.writeUnits - before.writeUnits,
    indexWriteUnits: after.indexWriteUnits - before.indexWriteUnits,
  };
}

const put = (Item: Record<string, unknown>, condition?: string) =>
  db.send(
    new PutCommand({ TableName: 'Calls', Item, ...(condition ? { ConditionExpression: condition } : {}) }),
  );
const change = (UpdateExpression: string, values: Record<string, unknown> = {}) =>
  db.send(
    new UpdateCommand({
      ...{ TableName: 'Calls', Key: { id: '1' }, UpdateExpression },
      ...(Object.keys(values).length > 0 ? { ExpressionAttributeValues: values } : {}),
      ExpressionAttributeNames: Object.fromEntries(
        [...UpdateExpression.matchAll(/#(\w+)/g)].map(([name, plain]) => [name, plain ?? '']),
      ),
    }),
  );

test('a write counts once for the table, and once for each index in which something changes', async () => {
  const units1 = { readUnits: 0, writeUnits: 1 };
  const item = { id: '1', active: 'edge-1', number: '+1', name: 'Ada', state: 'a' };
  expect(await units(() => put(item))).toEqual({ ...units1, indexWriteUnits: 2 });
  expect(await units(() => change('SET #state = :s', { ':s': 'b' }))).toEqual({
    ...units1,
    indexWriteUnits: 0,
  });
  expect(await units(() => change('SET #name = :n', { ':n': 'Eve' }))).toEqual({
    ...units1,
    indexWriteUnits: 1,
  });
  expect(await units(() => change('SET #number = :n', { ':n': '+2' }))).toEqual({
    ...units1,
    indexWriteUnits: 2,
  });
  expect(await units(() => change('REMOVE #active'))).toEqual({ ...units1, indexWriteUnits: 1 });
});

test('a write that its condition refuses is billed, and a large item counts for each KiB', async () => {
  expect(await units(() => put({ id: '1' }, 'attribute_not_exists(id)').catch(() => undefined))).toEqual({
    ...{ readUnits: 0, writeUnits: 1, indexWriteUnits: 0 },
  });
  const large = { id: '2', text: 'x'.repeat(3_000) };
  expect(await units(() => put(large))).toMatchObject({ writeUnits: 3 });
});

test('a query counts half a unit for each 4 KiB that it reads', async () => {
  const query = new QueryCommand({
    ...{ TableName: 'Calls', KeyConditionExpression: 'id = :id', ExpressionAttributeValues: { ':id': '2' } },
  });
  expect(await units(() => db.send(query))).toEqual({ readUnits: 0.5, writeUnits: 0, indexWriteUnits: 0 });
});

test('events and requests of queues count for each 64 KiB', async () => {
  const before = cloud.bill();
  const event = (size: number) => ({
    ...{ Source: 'test', DetailType: 'test' },
    Detail: JSON.stringify({ text: 'x'.repeat(size) }),
  });
  await cloud.eventBridge.send(new PutEventsCommand({ Entries: [event(10), event(100_000)] }));
  const QueueUrl = cloud.urlOf('Inbox');
  await cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
  const Entries = [{ Id: '1', MessageBody: 'x'.repeat(70_000) }];
  await cloud.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  const after = cloud.bill();
  expect(after.events.units - before.events.units).toBe(3);
  expect(after.queueRequests - before.queueRequests).toBe(3);
});

test('a run counts with its time, its memory and its log', async () => {
  await cloud.invoke('Echo', { hello: 'world' });
  await expect.poll(() => cloud.bill().functions['Echo']?.logBytes).toBe(12);
  expect(cloud.bill().functions['Echo']).toMatchObject({ runs: 1, memoryMb: 256 });
  // AWS bills each begun ms.
  const { ms = 0 } = cloud.bill().functions['Echo'] ?? {};
  expect([ms > 0, ms % 1]).toEqual([true, 0]);
  expect(cloud.bill().traces).toEqual({ told: 0, begun: 1 });
});

test('a cloud that is not metered says so', async () => {
  await using plain = await aCloud({});
  expect(() => plain.bill()).toThrow('metered: true');
});
