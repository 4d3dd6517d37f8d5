import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Tables } from '../../lib/tables.ts';

/** It has no types of its own. */
const dynalite: (options: { createTableMs: number }) => Server = createRequire(import.meta.url)('dynalite');

export interface TestTables extends AsyncDisposable {
  readonly db: DynamoDBDocumentClient;
  /** What a client of one's own needs. */
  readonly settings: { readonly endpoint: string; readonly region: string } & Pick<
    DynamoDBClientConfig,
    'credentials'
  >;
  readonly names: { readonly calls: string; readonly config: string; readonly fleet: string };
}

/** The platform's tables, created from what lib/ synthesizes, in a DynamoDB of this process. */
export async function startTables(): Promise<TestTables> {
  const server = dynalite({ createTableMs: 0 });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const settings = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const client = new DynamoDBClient(settings);
  const names = await createTables(client);
  return {
    db: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }),
    names,
    settings,
    async [Symbol.asyncDispose]() {
      client.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

async function createTables(client: DynamoDBClient) {
  const names = { calls: '', config: '', fleet: '' };
  for (const [logicalId, properties] of tablesOfTheStack()) {
    const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, BillingMode } = properties;
    await client.send(
      new CreateTableCommand({
        TableName: logicalId,
        KeySchema,
        AttributeDefinitions,
        GlobalSecondaryIndexes,
        BillingMode,
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1 }, { TableName: logicalId });
    for (const name of ['calls', 'config', 'fleet'] as const) {
      if (logicalId.toLowerCase().includes(name)) names[name] = logicalId;
    }
  }
  return names;
}

function tablesOfTheStack() {
  const stack = new Stack(new App({ builtinCloudFormationValidation: false }), 'Test');
  new Tables(stack, 'Tables', RemovalPolicy.DESTROY, undefined);
  const found = Template.fromStack(stack).findResources('AWS::DynamoDB::Table');
  return Object.entries(found).map(([id, { Properties }]) => [id, Properties] as const);
}
