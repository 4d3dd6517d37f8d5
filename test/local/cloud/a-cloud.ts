import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { bootLocalCloud, type LocalCloud, type LocalCloudOptions } from '../../../local/cloud/local-cloud.ts';

type Resources = Record<string, { Type: string; Properties?: Record<string, unknown>; Condition?: string }>;

interface TestOptions extends Omit<LocalCloudOptions, 'assemblies'> {
  /** index.mjs of each function, by the hash of its asset. */
  readonly code?: Readonly<Record<string, string>>;
  /** The template beside its resources. */
  readonly template?: Readonly<Record<string, unknown>>;
  /** Stacks beside the first one, in the order in which they are deployed: by name, the template of each. */
  readonly others?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface TestCloud extends LocalCloud {
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
  readonly db: DynamoDBClient;
  urlOf(queue: string): string;
}

/** Writes the folder that `cdk synth` would. Listed last first: their order is that of their dependencies. */
async function writeAssembly(
  folder: string,
  stacks: Readonly<Record<string, object>>,
  code: Readonly<Record<string, string>>,
) {
  const files = Object.fromEntries(
    Object.keys(code).map((hash) => [hash, { source: { path: `asset.${hash}` } }]),
  );
  const names = Object.keys(stacks);
  const artifacts = names.map((name, index) => {
    const properties = { templateFile: `${name}.template.json` };
    return [name, { type: 'aws:cloudformation:stack', properties, dependencies: names.slice(0, index) }];
  });
  const write = (name: string, content: unknown) => writeFile(join(folder, name), JSON.stringify(content));
  await write('manifest.json', {
    artifacts: Object.fromEntries([['Tree', { type: 'cdk:tree' }], ...artifacts.reverse()]),
  });
  for (const [name, template] of Object.entries(stacks)) {
    await write(`${name}.assets.json`, { files });
    await write(`${name}.template.json`, template);
  }
  for (const [hash, source] of Object.entries(code)) {
    await mkdir(join(folder, `asset.${hash}`));
    await writeFile(join(folder, `asset.${hash}`, 'index.mjs'), source);
  }
}

/** A cloud of a template made by hand, with clients of the real SDK that do not try again by themselves. */
export async function aCloud(Resources: Resources, options: TestOptions = {}): Promise<TestCloud> {
  const { code = {}, template = {}, others = {}, ...rest } = options;
  const assembly = await mkdtemp(join(tmpdir(), 'trunkline-test-'));
  await writeAssembly(assembly, { Test: { ...template, Resources }, ...others }, code);
  const cloud = await bootLocalCloud({ retryMs: 1, ...rest, assemblies: [assembly] }).catch(
    async (error: unknown) => {
      await rm(assembly, { recursive: true });
      throw error;
    },
  );
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
