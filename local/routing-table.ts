import {
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { RoutingConfig, type RoutingConfigInput, type VersionedConfig } from '../contracts/config.ts';
import { tables } from '../contracts/tables.ts';
import { type ConfigChange, configChanges } from '../core/config-changes.ts';
import { type ConfigItem, fromItems, toItems } from '../core/config-items.ts';

const { partitionKey, partition, version: markSk } = tables.config;
const key = { pk: partition, sk: markSk };

/** A push that has not ended after so long has died, ms. */
const PUSH_MS = 30_000;

interface PushedConfig {
  readonly version: number;
  readonly changes: readonly ConfigChange[];
}

/** The `config` table, for whoever changes it. Edges and functions read it by themselves. */
export interface RoutingTable {
  /** Undefined where none was pushed yet. */
  read(): Promise<VersionedConfig | undefined>;
  /** What a push of this configuration would change. */
  compare(config: RoutingConfigInput): Promise<readonly ConfigChange[]>;
  /**
   * Makes this the whole configuration. Nothing is written where nothing differs. `expected`: the version that is to be
   * replaced. @throws Error, with nothing changed, where another version stands or another push is at work.
   */
  push(config: RoutingConfigInput, expected?: number): Promise<PushedConfig>;
}

export function routingTable(client: DynamoDBDocumentClient, TableName: string): RoutingTable {
  const readItems = async () => {
    const items: ConfigItem[] = [];
    const query = {
      ...{ TableName, ConsistentRead: true, KeyConditionExpression: '#key = :value' },
      ExpressionAttributeNames: { '#key': partitionKey },
      ExpressionAttributeValues: { ':value': partition },
    };
    for await (const { Items = [] } of paginateQuery({ client }, query))
      items.push(...(Items as ConfigItem[]));
    return items;
  };
  const versionIn = (items: readonly ConfigItem[]) =>
    items.find(({ sk }) => sk === markSk)?.value as number | undefined;
  const write = async (changes: readonly ConfigChange[], wanted: readonly ConfigItem[]) => {
    for (const { item: sk, change } of changes) {
      const Item = wanted.find((each) => each.sk === sk);
      if (change === 'removed')
        await client.send(new DeleteCommand({ TableName, Key: { pk: partition, sk } }));
      else await client.send(new PutCommand({ TableName, Item: { ...Item } }));
    }
  };
  return {
    async read() {
      const items = await readItems();
      return versionIn(items) === undefined ? undefined : fromItems(items);
    },
    compare: async (input) => configChanges(await readItems(), toItems(RoutingConfig.parse(input), 0)),
    async push(input, expected) {
      const config = RoutingConfig.parse(input);
      const there = await readItems();
      const seen = versionIn(there);
      if (expected !== undefined && seen !== expected)
        throw new Error(
          `version ${seen ?? 'none'} stands, not ${expected}: look at it with \`config diff\`, then push again`,
        );
      const version = Math.max(Date.now(), (seen ?? 0) + 1);
      const wanted = toItems(config, version);
      const changes = configChanges(there, wanted);
      if (changes.length === 0 && seen !== undefined) return { version: seen, changes };
      const by = ulid();
      await claim(client, TableName, { seen, by });
      await write(changes, wanted);
      // The version goes last: whoever sees it finds the rest.
      await conclude(client, TableName, { version, by });
      return { version, changes };
    },
  };
}

/** From here on every other push is refused, until this one ends or has died. */
async function claim(
  client: DynamoDBDocumentClient,
  TableName: string,
  { seen, by }: { readonly seen: number | undefined; readonly by: string },
): Promise<void> {
  const now = Date.now();
  const unchanged = seen === undefined ? 'attribute_not_exists(#value)' : '#value = :seen';
  const command = new UpdateCommand({
    ...{ TableName, Key: key, UpdateExpression: 'SET pushedBy = :by, pushUntil = :until' },
    ConditionExpression: `${unchanged} AND (attribute_not_exists(pushUntil) OR pushUntil < :now)`,
    ExpressionAttributeNames: { '#value': 'value' },
    ExpressionAttributeValues: {
      ...{ ':by': by, ':until': now + PUSH_MS, ':now': now },
      ...(seen === undefined ? {} : { ':seen': seen }),
    },
  });
  await client.send(command).catch(orTold);
}

async function conclude(
  client: DynamoDBDocumentClient,
  TableName: string,
  { version, by }: { readonly version: number; readonly by: string },
): Promise<void> {
  const command = new UpdateCommand({
    ...{ TableName, Key: key, UpdateExpression: 'SET #value = :version REMOVE pushedBy, pushUntil' },
    ...{ ConditionExpression: 'pushedBy = :by', ExpressionAttributeNames: { '#value': 'value' } },
    ExpressionAttributeValues: { ':by': by, ':version': version },
  });
  await client.send(command).catch(orTold);
}

function orTold(cause: Error): never {
  if (cause.name !== 'ConditionalCheckFailedException') throw cause;
  throw new Error(
    'somebody else pushes a configuration just now: look at it with `config diff`, then push it again',
    { cause },
  );
}
