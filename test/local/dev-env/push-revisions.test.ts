import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { RoutingConfig, type RoutingConfigInput, type VersionedConfig } from '../../../contracts/config.ts';
import { tables } from '../../../contracts/tables.ts';
import { toItems } from '../../../core/config-items.ts';
import { configTable } from '../../../edge-node/adapters/config-table.ts';
import { dynamoConfig } from '../../../functions/adapters/dynamo-config.ts';
import { routingTable } from '../../../local/routing-table.ts';
import { startTables, type TestTables } from '../../functions/dynalite-tables.ts';

/** Each agent has the address of the number, so that half of one and half of the other is seen. */
const routing = (...numbers: readonly string[]): RoutingConfigInput => ({
  version: 1,
  trunks: { carrier: { sources: ['127.0.0.0/8'] } },
  numbers: Object.fromEntries(numbers.map((number) => [number, { agent: `at-${number.slice(1)}` }])),
  agents: Object.fromEntries(
    numbers.map((number) => [`at-${number.slice(1)}`, { targets: [{ uri: `sip:${number}@127.0.0.1:9` }] }]),
  ),
  policies: { default: {} },
});
const [one, two, three] = ['+15550101', '+15550102', '+15550103'];
const numbersOf = (found: VersionedConfig | undefined) => Object.keys(found?.config.numbers ?? {});

let testTables: TestTables;
let table: string;
let db: DynamoDBDocumentClient;

beforeAll(async () => {
  testTables = await startTables();
  ({ db } = testTables);
  table = testTables.names.config;
});
afterAll(() => testTables?.[Symbol.asyncDispose]());
beforeEach(() => routingTable(db, table).push(routing(one, two)));

const many = <T>(count: number, of: (n: number) => readonly [string, T]) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => of(n)));

type Op = 'GetItem' | 'Query' | 'PutItem' | 'DeleteItem' | 'UpdateItem';

/** A client of its own; `around` is told of each request and may let it pass, fail it, or do something first. */
function aClient(around: (command: Op, send: () => Promise<object>) => Promise<object>) {
  const client = new DynamoDBClient({ ...testTables.settings, maxAttempts: 1 });
  client.middlewareStack.add(
    (next, context) => async (args) =>
      (await around(String(context.commandName).replace('Command', '') as Op, () => next(args))) as never,
    { step: 'initialize', priority: 'low' },
  );
  onTestFinished(() => client.destroy());
  return client;
}
async function keysInTable(): Promise<string[]> {
  const query = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': 'routing' } };
  const { Items = [] } = await db.send(new QueryCommand({ TableName: table, ...query }));
  return Items.map(({ sk }) => String(sk));
}

const isWrite = (op: Op) => op === 'PutItem' || op === 'DeleteItem' || op === 'UpdateItem';

/** A push that dies with its process at the write of this number, from 0; true if it died. */
async function pushDyingAt(at: number, config: RoutingConfigInput): Promise<boolean> {
  let writes = 0;
  const client = aClient(async (op, send) => {
    if (isWrite(op) && writes++ >= at) throw new Error('died');
    return send();
  });
  const push = routingTable(DynamoDBDocumentClient.from(client), table).push(config);
  return push.then(
    ({ leftOver }) => leftOver !== undefined,
    () => true,
  );
}

/** A cold function and an edge that starts, which have no configuration yet. */
const readers = {
  function: (client: DynamoDBDocumentClient) => dynamoConfig(client, table),
  edge: (client: DynamoDBDocumentClient) => configTable({ tableName: table, client }),
};
const all = () => Promise.all(Object.values(readers).map((reader) => reader(db).load(undefined)));

test('a push that dies at any of its writes leaves the former configuration or the new one, whole; pushed again, it holds', async () => {
  let died = true;
  for (let at = 0; died; at += 1) {
    const before = await routingTable(db, table).push(routing(one, two));
    died = await pushDyingAt(at, routing(two, three));
    for (const found of await all())
      expect(numbersOf(found)).toEqual(found?.version === before.version ? [one, two] : [two, three]);

    const again = await routingTable(db, table).push(routing(two, three));
    expect(again.version).toBeGreaterThan(before.version);
    for (const found of await all())
      expect({ at, version: found?.version, numbers: numbersOf(found) }).toEqual({
        ...{ at, version: again.version, numbers: [two, three] },
      });
  }
});

test('who reads during a push has one configuration or the other, under its own version', async () => {
  const former = await routingTable(db, table).read();
  const client = aClient(async (op, send) => {
    // After each write both readers look, before the next one.
    const answer = await send();
    if (isWrite(op)) seen.push(...(await all()));
    return answer;
  });
  const seen: (VersionedConfig | undefined)[] = [];
  const { version } = await routingTable(DynamoDBDocumentClient.from(client), table).push(routing(three));
  expect(seen.length).toBeGreaterThan(10);
  const told = new Set(seen.map((found) => `${found?.version} ${numbersOf(found)}`));
  expect(told).toEqual(new Set([`${former?.version} ${one},${two}`, `${version} ${three}`]));
});

test('an answer that was lost on its way is no conflict', async () => {
  // As the SDK does after a broken connection: the request is sent again, and meets its own work.
  const client = aClient(async (op, send) => {
    if (op === 'PutItem') await send();
    return send();
  });
  const { version } = await routingTable(DynamoDBDocumentClient.from(client), table).push(routing(three));
  for (const found of await all()) expect(found).toMatchObject({ version });
});

test('a push that was overtaken while it wrote is told, and clears nothing of the one that won', async () => {
  let overtaken = false;
  const client = aClient(async (op, send) => {
    if (op === 'PutItem' && !overtaken) {
      overtaken = true;
      await routingTable(db, table).push(routing(three));
    }
    return send();
  });
  const push = routingTable(DynamoDBDocumentClient.from(client), table).push(routing(two));
  await expect(push).rejects.toThrow('push it again');
  for (const found of await all()) expect(numbersOf(found)).toEqual([three]);
});

test('a push that began after another was done keeps its items while that one still clears', async () => {
  let begun: Promise<unknown> | undefined;
  const client = aClient(async (op, send) => {
    if (op !== 'DeleteItem') return send();
    begun ??= routingTable(db, table).push(routing(two));
    await begun;
    return send();
  });
  await routingTable(db, table).push(routing(two, three));
  await routingTable(DynamoDBDocumentClient.from(client), table).push(routing(three));
  expect(begun).toBeDefined();
  for (const found of await all()) expect(numbersOf(found)).toEqual([two]);
});

test('only the configuration that stands and the former one are kept', async () => {
  for (const numbers of [[one], [two], [three], [one, two, three]])
    await routingTable(db, table).push(routing(...numbers));
  const revisions = new Set((await keysInTable()).map((sk) => sk.split('#')[1] ?? sk));
  expect(revisions.size).toBe(3); // `version`, and one revision each.
});

test.each([
  [
    'users of a trunk',
    'trunk#carrier',
    {
      trunks: {
        carrier: {
          sources: ['127.0.0.0/8'],
          registrar: { realm: 'phones.example' },
          users: many(12_000, (n) => [`user-${n}`, { password: { env: `PASSWORD_OF_USER_${n}` } }]),
        },
      },
    },
  ],
  [
    'targets of an agent',
    'agent#at-15550101',
    {
      agents: {
        'at-15550101': {
          targets: Array.from({ length: 900 }, () => ({ uri: `sip:${'a'.repeat(480)}@192.0.2.1` })),
        },
      },
    },
  ],
])('too many %s are told before anything is written', async (_, item, over) => {
  const writes: Op[] = [];
  const client = aClient((op, send) => {
    if (isWrite(op)) writes.push(op);
    return send();
  });
  const push = routingTable(DynamoDBDocumentClient.from(client), table).push({
    ...routing(one),
    ...over,
  } as RoutingConfigInput);
  await expect(push).rejects.toThrow(
    new RegExp(
      `^${item} takes \\d+ bytes in the config table, and one item may have 409600: make it several`,
    ),
  );
  expect(writes).toEqual([]);
});

test('a first push that dies has pushed nothing, and the next one clears it away', async () => {
  for (const sk of await keysInTable())
    await db.send(new DeleteCommand({ TableName: table, Key: { pk: tables.config.partition, sk } }));
  expect(await pushDyingAt(5, routing(one, two))).toBe(true);
  // Those that were under way when it died still arrive.
  await expect.poll(keysInTable).toHaveLength(5);
  expect(await readers.edge(db).load(undefined)).toMatchObject({ version: 0, config: { numbers: {} } });
  expect(await routingTable(db, table).read()).toBeUndefined();
  await expect(readers.function(db).load(undefined)).rejects.toThrow('no configuration was pushed yet');
  await routingTable(db, table).push(routing(one));
  for (const found of await all()) expect(numbersOf(found)).toEqual([one]);
  expect(await keysInTable()).toHaveLength(6);
});

describe.each(Object.entries(readers))('%s', (_, reader) => {
  /** Reads while `pushes` configurations are pushed between its look at the version and its look at the items. */
  const readDuring = async (...pushes: readonly RoutingConfigInput[]) => {
    const left = [...pushes];
    const client = aClient(async (op, send) => {
      if (op === 'Query') for (const next of left.splice(0)) await routingTable(db, table).push(next);
      return send();
    });
    return reader(DynamoDBDocumentClient.from(client)).load(undefined);
  };

  test('a push in the middle of a read does not lend its version to the former items', async () => {
    const former = await routingTable(db, table).read();
    const found = await readDuring(routing(three));
    expect(found).toEqual(former);
    expect(numbersOf(await reader(db).load(found?.version))).toEqual([three]);
  });

  test('two pushes in the middle of a read: the version is read again', async () => {
    const found = await readDuring(routing(two), routing(three));
    expect(found).toEqual(await routingTable(db, table).read());
    expect(numbersOf(found)).toEqual([three]);
  });

  test('items that somebody has deleted are missed, and a push mends it', async () => {
    const gone = (await keysInTable()).find((sk) => sk.endsWith(`number#${two}`));
    await db.send(new DeleteCommand({ TableName: table, Key: { pk: tables.config.partition, sk: gone } }));
    await expect(reader(db).load(undefined)).rejects.toThrow(/ of its 7 items: push the configuration again/);
    await routingTable(db, table).push(routing(three));
    expect(numbersOf(await reader(db).load(undefined))).toEqual([three]);
  });

  test('a table whose items lie under bare names is read, and pushed over', async () => {
    for (const sk of await keysInTable())
      await db.send(new DeleteCommand({ TableName: table, Key: { pk: tables.config.partition, sk } }));
    const config = RoutingConfig.parse(routing(one));
    for (const Item of toItems(config, 5)) await db.send(new PutCommand({ TableName: table, Item }));
    expect(await reader(db).load(undefined)).toEqual({ version: 5, config });
    const { changes } = await routingTable(db, table).push(routing(one, two));
    expect(changes.map(({ item }) => item)).toEqual(['agent#at-15550102', `number#${two}`]);
    expect(numbersOf(await reader(db).load(5))).toEqual([one, two]);
  });
});
