import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { bootLocalCloud, type LocalCloud, type LocalCloudOptions } from '../../../local/cloud/local-cloud.ts';

type Resources = Record<string, { Type: string; Properties?: Record<string, unknown>; Condition?: string }>;

interface TestOptions extends Omit<LocalCloudOptions, 'assembly'> {
  /** index.mjs of each function, by the hash of its asset. */
  readonly code?: Readonly<Record<string, string>>;
  /** The template beside its resources. */
  readonly template?: Readonly<Record<string, unknown>>;
}

export interface TestCloud extends LocalCloud {
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
  readonly db: DynamoDBClient;
  urlOf(queue: string): string;
}

/** Writes the folder that `cdk synth` would. */
async function writeAssembly(folder: string, template: object, code: Readonly<Record<string, string>>) {
  const files = Object.fromEntries(
    Object.keys(code).map((hash) => [hash, { source: { path: `asset.${hash}` } }]),
  );
  const artifacts = {
    Tree: { type: 'cdk:tree' },
    Test: { type: 'aws:cloudformation:stack', properties: { templateFile: 'Test.template.json' } },
  };
  const write = (name: string, content: unknown) => writeFile(join(folder, name), JSON.stringify(content));
  await write('manifest.json', { artifacts });
  await write('Test.assets.json', { files });
  await write('Test.template.json', template);
  for (const [hash, source] of Object.entries(code)) {
    await mkdir(join(folder, `asset.${hash}`));
    await writeFile(join(folder, `asset.${hash}`, 'index.mjs'), source);
  }
}

/** A cloud of a template made by hand, with clients of the real SDK that do not try again by themselves. */
export async function aCloud(Resources: Resources, options: TestOptions = {}): Promise<TestCloud> {
  const { code = {}, template = {}, ...rest } = options;
  const assembly = await mkdtemp(join(tmpdir(), 'trunkline-test-'));
  await writeAssembly(assembly, { ...template, Resources }, code);
  const cloud = await bootLocalCloud({ retryMs: 1, ...rest, assembly }).catch(async (error: unknown) => {
    await rm(assembly, { recursive: true });
    throw error;
  });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const settings = { endpoint: cloud.endpoint, region: 'local-1', credentials, maxAttempts: 1 };
  const clients = {
    sqs: new SQSClient(settings),
    eventBridge: new EventBridgeClient(settings),
    db: new DynamoDBClient(settings),
  };
  return Object.assign(cloud, clients, {
    urlOf: (queue: string) => `${cloud.endpoint}/000000000000/${queue}`,
    [Symbol.asyncDispose]: withClients(cloud, Object.values(clients), assembly),
  });
}

function withClients(cloud: LocalCloud, clients: readonly { destroy(): void }[], assembly: string) {
  const stop = cloud[Symbol.asyncDispose].bind(cloud);
  return async () => {
    for (const client of clients) client.destroy();
    await stop();
    await rm(assembly, { recursive: true, force: true });
  };
}

/** Resolves as soon as it is so; tests wait for what happens, not for time. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
