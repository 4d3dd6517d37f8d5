import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetItemCommand,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  QueryCommand,
  ResourceNotFoundException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aCloud, type TestCloud } from './a-cloud.ts';

const Calls = {
  Type: 'AWS::DynamoDB::Table',
  Properties: {
    TableName: 'calls',
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    AttributeDefinitions: ['id', 'edge'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byEdge',
        KeySchema: [{ AttributeName: 'edge', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  },
};

let cloud: TestCloud;
beforeEach(async () => {
  cloud = await aCloud({ Calls });
});
afterEach(() => cloud[Symbol.asyncDispose]());

const put = (id: string, more = {}) =>
  cloud.db.send(
    new PutItemCommand({ TableName: 'calls', Item: { id: { S: id }, edge: { S: 'one' } }, ...more }),
  );
const get = async (id: string, from = cloud) =>
  (await from.db.send(new GetItemCommand({ TableName: 'calls', Key: { id: { S: id } } }))).Item;

describe('a table of the template', () => {
  test('keeps items, heeds conditions and has its index', async () => {
    await put('A');
    expect(await get('A')).toEqual({ id: { S: 'A' }, edge: { S: 'one' } });
    await expect(put('A', { ConditionExpression: 'attribute_not_exists(id)' })).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
    });
    const query = new QueryCommand({
      ...{ TableName: 'calls', IndexName: 'byEdge', KeyConditionExpression: 'edge = :edge' },
      ExpressionAttributeValues: { ':edge': { S: 'one' } },
    });
    expect((await cloud.db.send(query)).Count).toBe(1);
  });

  test('is counted', async () => {
    await put('A');
    await get('A');
    expect(cloud.usage().tables).toMatchObject({ PutItem: 1, GetItem: 1 });
  });

  test('is the only one there', async () => {
    await expect(put('A', { TableName: 'other' })).rejects.toBeInstanceOf(ResourceNotFoundException);
  });

  test('is there again after a restart, where it has a folder', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-tables-'));
    for (const first of [true, false]) {
      await using kept = await aCloud({ Calls }, { dataDir });
      if (first) await kept.db.send(new PutItemCommand({ TableName: 'calls', Item: { id: { S: 'A' } } }));
      expect(await get('A', kept)).toEqual({ id: { S: 'A' } });
    }
    await rm(dataDir, { recursive: true });
  });
});

describe('what goes wrong', () => {
  test('a folder of tables has one owner; what a killed one left behind is taken over', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'trunkline-tables-'));
    await using first = await aCloud({ Calls }, { dataDir });
    await expect(aCloud({ Calls }, { dataDir })).rejects.toThrow(
      `${dataDir} is in use by process ${process.pid}`,
    );
    await first[Symbol.asyncDispose]();
    const port = Number(new URL(cloud.endpoint).port);
    await expect(aCloud({ Calls }, { dataDir, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const killed = spawnSync(process.execPath, ['-e', '']).pid;
    await writeFile(join(dataDir, 'owner.pid'), String(killed));
    await using third = await aCloud({ Calls }, { dataDir });
    expect(await get('A', third)).toBeUndefined();
    await third[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true });
  });

  test('a client that resets in the middle of its request harms nobody', async () => {
    const { port } = new URL(cloud.endpoint);
    const head = [
      'POST / HTTP/1.1',
      'Host: x',
      'X-Amz-Target: DynamoDB_20120810.PutItem',
      'Content-Length: 5000',
    ];
    for (let time = 0; time < 20; time += 1) {
      const socket = connect(Number(port), '127.0.0.1');
      await once(socket, 'connect');
      await new Promise((resolve) => socket.write(`${head.join('\r\n')}\r\n\r\n{"TableName":`, resolve));
      socket.resetAndDestroy();
      await once(socket, 'close');
    }
    await put('A');
    expect(await get('A')).toBeDefined();
  });

  test('an operation that is not there is 501 and named', async () => {
    const write = new TransactWriteItemsCommand({
      TransactItems: [{ Put: { TableName: 'calls', Item: { id: { S: 'A' } } } }],
    });
    await expect(cloud.db.send(write)).rejects.toMatchObject({
      message: 'DynamoDB TransactWriteItems is not emulated on this machine',
      $metadata: { httpStatusCode: 501 },
    });
  });

  test('a throttled table is the exception that the SDK has for it', async () => {
    cloud.faults.throttledTables = 1;
    await expect(put('A')).rejects.toBeInstanceOf(ProvisionedThroughputExceededException);
    cloud.faults.throttledTables = 0;
    expect(await get('A')).toBeUndefined();
  });

  test('tables that are down break the connection', async () => {
    cloud.faults.tablesDown = true;
    await expect(put('A')).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});
