import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import { tables } from '../../../contracts/tables.ts';
import { configTable } from '../../../edge-node/adapters/config-table.ts';
import { DevEnv } from '../../../local/dev-env.ts';

const routing = (numbers: readonly string[]): RoutingConfigInput => ({
  version: 1,
  trunks: { carrier: { sources: ['127.0.0.0/8'] } },
  numbers: Object.fromEntries(numbers.map((number) => [number, { agent: 'echo' }])),
  agents: { echo: { targets: [{ uri: 'sip:echo@127.0.0.1:9' }], policy: 'plain' } },
  policies: { plain: {} },
});

const [one, two, three] = ['+15550101', '+15550102', '+15550103'];
let env: DevEnv;
let client: DynamoDBClient;

beforeAll(async () => {
  env = await DevEnv.create({ config: routing([one]), edge: 'none', sipServer: 'embedded' });
  client = new DynamoDBClient({
    endpoint: env.cloud.endpoint,
    region: env.cloud.env['AWS_REGION'] ?? '',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
});
afterAll(async () => {
  client?.destroy();
  await env?.[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await env.state.routing.push(routing([one, two]));
});

const tableName = () => env.cloud.outputs['ConfigTable'] ?? '';

/** The configuration as an edge loads it. */
async function loaded() {
  const found = await configTable({ tableName: tableName(), client }).load(undefined);
  return { version: found?.version ?? 0, numbers: Object.keys(found?.config.numbers ?? {}) };
}

test('what the new configuration has no more is gone', async () => {
  await env.state.routing.push(routing([two, three]));
  expect((await loaded()).numbers).toEqual([two, three]);
});

test('a new configuration has a higher version, even where another clock was ahead', async () => {
  const ahead = Date.now() + 60_000;
  const Item = { pk: tables.config.partition, sk: tables.config.version, value: ahead };
  await DynamoDBDocumentClient.from(client).send(new PutCommand({ TableName: tableName(), Item }));
  await env.state.routing.push(routing([three]));
  expect((await loaded()).version).toBeGreaterThan(ahead);
});

test('of two that push at once one is told, and wins when it pushes again', async () => {
  // Long enough that both have looked at the version before the first one ends.
  const numbersFrom = (start: number) => Array.from({ length: 60 }, (_, n) => `+1555${start + n}`);
  const wanted = [numbersFrom(2_000), numbersFrom(3_000)] as const;
  const pushes = await Promise.allSettled(wanted.map((numbers) => env.state.routing.push(routing(numbers))));
  expect(pushes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  const loser = pushes.findIndex(({ status }) => status === 'rejected');
  expect(pushes[loser]).toMatchObject({ reason: { message: expect.stringContaining('push it again') } });

  const again = wanted[loser] ?? [];
  await env.state.routing.push(routing(again));
  expect((await loaded()).numbers).toEqual(again);
});

test('a push tells what it has changed, and writes nothing where nothing differs', async () => {
  const { version } = await env.state.routing.push(routing([one, two]));
  expect(await env.state.routing.push(routing([one, two]))).toEqual({ version, changes: [] });
  expect(await env.state.routing.compare(routing([two, three]))).toEqual([
    { item: `number#${one}`, change: 'removed', paths: [] },
    { item: `number#${three}`, change: 'added', paths: [] },
  ]);
  expect(await env.state.routing.read()).toMatchObject({ version });
});

test('a push that expects another version than the one that stands changes nothing', async () => {
  const before = await loaded();
  await expect(env.state.routing.push(routing([three]), before.version - 1)).rejects.toThrow(
    `version ${before.version} stands`,
  );
  expect(await loaded()).toEqual(before);
  await env.state.routing.push(routing([three]), before.version);
  expect((await loaded()).numbers).toEqual([three]);
});
