import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  DynamoDBClient,
  type KeySchemaElement,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FleetRow, type RegistrationRow, tables } from '../../../contracts/tables.ts';
import { toItems } from '../../../core/config-items.ts';
import { awsClient } from '../../../edge-node/adapters/aws-client.ts';
import { configTable } from '../../../edge-node/adapters/config-table.ts';
import { fleetTable } from '../../../edge-node/adapters/fleet-table.ts';
import { registrationsTable } from '../../../edge-node/adapters/registrations-table.ts';
import { aConfig } from '../decisions/a-config.ts';
import { anAwsEndpoint, clientSettings } from './aws-endpoint.ts';

/** It has no types of its own. */
const dynalite: (options: object) => Server = createRequire(import.meta.url)('dynalite');

let server: Server;
let client: DynamoDBClient;
let documents: DynamoDBDocumentClient;
let table = 0;
let tableName: string;

beforeAll(async () => {
  server = dynalite({ createTableMs: 0 });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  client = new DynamoDBClient(clientSettings((server.address() as AddressInfo).port));
  documents = DynamoDBDocumentClient.from(client);
});
beforeEach(() => {
  table += 1;
  tableName = `table-${table}`;
});
afterAll(async () => {
  client.destroy();
  await new Promise((closed) => server.close(closed));
});

async function aTable(partitionKey: string, sortKey?: string) {
  const keys: KeySchemaElement[] = [{ AttributeName: partitionKey, KeyType: 'HASH' }];
  if (sortKey) keys.push({ AttributeName: sortKey, KeyType: 'RANGE' });
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      KeySchema: keys,
      AttributeDefinitions: keys.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' })),
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await waitUntilTableExists(
    { client, maxWaitTime: 10, minDelay: 0.01, maxDelay: 0.1 },
    { TableName: tableName },
  );
}

describe('the config table', () => {
  beforeEach(() => aTable(tables.config.partitionKey, tables.config.sortKey));

  const push = async (items: readonly object[]) => {
    for (const Item of items) await documents.send(new PutCommand({ TableName: tableName, Item }));
  };

  test('gives the configuration as it was pushed', async () => {
    const { config, version } = aConfig(3);
    await push(toItems(config, version));
    expect(await configTable({ tableName, client }).load(undefined)).toEqual({ version, config });
  });

  test('gives nothing while the version is known, and the new one when it is not', async () => {
    const source = configTable({ tableName, client });
    await push(toItems(aConfig().config, 3));
    expect(await source.load(3)).toBeUndefined();
    await push(toItems(aConfig().config, 4));
    expect(await source.load(3)).toMatchObject({ version: 4 });
  });

  test('reads a configuration of more than one page', async () => {
    // 2 MB in all: a page holds 1 MB.
    const targets = Array.from({ length: 500 }, () => ({ uri: `sip:${'e'.repeat(480)}@198.51.100.1` }));
    const names = ['echo', 'one', 'two', 'three', 'four', 'five', 'six', 'seven'];
    const agents = Object.fromEntries(names.map((name) => [name, { targets }]));
    const { config } = aConfig(1, { agents });
    await push(toItems(config, 1));
    expect(await configTable({ tableName, client }).load(undefined)).toEqual({ version: 1, config });
  });

  test('that was never written knows nobody, is told once, and gives way to the first push', async () => {
    const source = configTable({ tableName, client });
    expect(await source.load(undefined)).toMatchObject({ version: 0, config: { trunks: {}, numbers: {} } });
    expect(await source.load(0)).toBeUndefined();
    const { config } = aConfig(3);
    await push(toItems(config, 3).filter(({ sk }) => sk !== tables.config.version));
    await expect(source.load(0)).rejects.toThrow('no configuration was pushed yet');
    await push(toItems(config, 3));
    expect(await source.load(0)).toEqual({ version: 3, config });
  });

  test('says what is wrong with it', async () => {
    const source = configTable({ tableName, client });
    await push(toItems(aConfig().config, 1));
    await push([{ pk: tables.config.partition, sk: 'agent#echo', value: { targets: [] } }]);
    await expect(source.load(undefined)).rejects.toThrow('echo');
  });

  test('asks with consistent reads, once, and throws when it is throttled', async () => {
    const throttled = { __type: 'ProvisionedThroughputExceededException', message: 'slow down' };
    const endpoint = await anAwsEndpoint(() => ({ status: 400, body: throttled }));
    const away = configTable({
      tableName,
      client: new DynamoDBClient({ ...awsClient(), ...endpoint.client }),
    });
    await expect(away.load(1)).rejects.toThrow('slow down');
    expect(endpoint.requests).toMatchObject([{ action: 'GetItem', body: { ConsistentRead: true } }]);
  });
});

describe('the fleet table', () => {
  beforeEach(() => aTable(tables.fleet.partitionKey));

  const row = (but: Partial<FleetRow> = {}): FleetRow => ({
    edgeId: 'edge-1',
    region: 'eu-west-1',
    epoch: 1_000,
    queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/edge-1',
    contacts: ['sip:192.0.2.1:5060'],
    calls: 5,
    draining: false,
    heartbeatAt: 2_000,
    ttl: 90_000,
    ...but,
  });
  const stored = async () => {
    const { Item } = await documents.send(
      new GetCommand({ TableName: tableName, Key: { edgeId: 'edge-1' }, ConsistentRead: true }),
    );
    return Item;
  };

  test('holds the last row of an edge', async () => {
    const register = fleetTable({ tableName, client });
    await register.beat(row());
    await register.beat(row({ calls: 6, heartbeatAt: 3_000 }));
    expect(await stored()).toEqual(row({ calls: 6, heartbeatAt: 3_000 }));
  });

  test('takes the row of a newer life, and then none of the older one', async () => {
    const register = fleetTable({ tableName, client });
    await register.beat(row());
    await register.beat(row({ epoch: 2_000 }));
    await expect(register.beat(row({ heartbeatAt: 9_000 }))).rejects.toThrow(
      'newer process calls itself edge "edge-1"',
    );
    expect(await stored()).toEqual(row({ epoch: 2_000 }));
  });

  test('tells of another edge, and nothing of one that is not there', async () => {
    const directory = fleetTable({ tableName, client });
    await directory.beat(row());
    expect(await directory.find('edge-1')).toEqual(row());
    expect(await directory.find('edge-9')).toBeUndefined();
  });
});

describe('the table of registrations', () => {
  beforeEach(() => aTable(tables.registrations.partitionKey, tables.registrations.sortKey));

  const row = (but: Partial<RegistrationRow> = {}): RegistrationRow => ({
    user: tables.registrations.user('office', 'alice'),
    place: tables.registrations.place('edge-1', 'sip:alice@10.0.0.7'),
    ...{ trunk: 'office', name: 'alice', contact: 'sip:alice@10.0.0.7', q: 1 },
    source: { address: '203.0.113.30', port: 5062, transport: 'udp' },
    ...{ pass: 'f'.repeat(32), edgeId: 'edge-1', epoch: 1_000, revision: 1, expiresAt: 60_000, ttl: 120 },
    ...but,
  });

  test('holds every place of a user, and of that user alone', async () => {
    const table = registrationsTable({ tableName, client });
    const elsewhere = row({ place: 'edge-2#sip:alice@10.0.0.8', edgeId: 'edge-2' });
    for (const each of [row(), elsewhere, row({ user: 'office#bob', name: 'bob' })]) await table.put(each);
    expect(await table.of('office', 'alice')).toEqual([row(), elsewhere]);
    expect(await table.of('office', 'nobody')).toEqual([]);
  });

  test('takes no write and no removal that a later one has overtaken', async () => {
    const table = registrationsTable({ tableName, client });
    await table.put(row({ revision: 5 }));
    await table.put(row({ revision: 4, expiresAt: 1 }));
    await table.put(row({ epoch: 999, revision: 9, expiresAt: 2 }));
    await table.remove(row({ revision: 4 }));
    expect(await table.of('office', 'alice')).toEqual([row({ revision: 5 })]);
    await table.put(row({ epoch: 1_001, revision: 1 }));
    expect(await table.of('office', 'alice')).toEqual([row({ epoch: 1_001 })]);
    await table.remove(row({ epoch: 1_001, revision: 2 }));
    expect(await table.of('office', 'alice')).toEqual([]);
  });
});
