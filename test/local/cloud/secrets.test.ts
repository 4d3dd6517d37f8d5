import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { aCloud } from './a-cloud.ts';

async function aStore(secrets: Record<string, string> = {}) {
  const cloud = await aCloud({}, { secrets });
  const client = new SecretsManagerClient({
    ...{ endpoint: cloud.endpoint, region: 'local-1', maxAttempts: 1 },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  return { client, cloud, [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose]() };
}

test('a secret that is created can be read by name and by ARN, and put anew', async () => {
  await using stage = await aStore();
  const { client } = stage;
  const { ARN } = await client.send(new CreateSecretCommand({ Name: 'trunkline/a', SecretString: 'one' }));
  expect(ARN).toMatch(/^arn:aws:secretsmanager:local-1:000000000000:secret:trunkline\/a-.{6}$/);
  const first = await client.send(new GetSecretValueCommand({ SecretId: ARN }));
  expect(first).toMatchObject({ Name: 'trunkline/a', SecretString: 'one', VersionStages: ['AWSCURRENT'] });
  const { VersionId } = await client.send(
    new PutSecretValueCommand({ SecretId: 'trunkline/a', SecretString: 'two' }),
  );
  expect(VersionId).not.toBe(first.VersionId);
  const second = await client.send(new GetSecretValueCommand({ SecretId: 'trunkline/a' }));
  expect(second).toMatchObject({ SecretString: 'two', VersionId });
});

test('a secret is found by the ARN that a template gives it, and no other is', async () => {
  await using stage = await aStore({ 'Ivr-Token': 'one', 'Ivr-Token-000001': 'other' });
  const read = async (end: string) => {
    const SecretId = `arn:aws:secretsmanager:local-1:000000000000:secret:${end}`;
    return (await stage.client.send(new GetSecretValueCommand({ SecretId }))).SecretString;
  };
  expect(await read('Ivr-Token-000000')).toBe('one');
  expect(await read('Ivr-Token-000001-000000')).toBe('other');
  await expect(read('Ivr-000000')).rejects.toThrow();
});

test('a secret is described without its value', async () => {
  await using stage = await aStore({ 'trunkline/a': 'one-4711' });
  const { client } = stage;
  const described = await client.send(new DescribeSecretCommand({ SecretId: 'trunkline/a' }));
  expect(Object.values(described.VersionIdsToStages ?? {})).toEqual([['AWSCURRENT']]);
  expect(JSON.stringify(described)).not.toContain('4711');
  await client.send(new CreateSecretCommand({ Name: 'trunkline/empty' }));
  const empty = await client.send(new DescribeSecretCommand({ SecretId: 'trunkline/empty' }));
  expect([empty.Name, empty.VersionIdsToStages]).toEqual(['trunkline/empty', undefined]);
});

test('those that it was started with are there', async () => {
  await using stage = await aStore({ 'trunkline/a': 'given' });
  const { SecretString } = await stage.client.send(new GetSecretValueCommand({ SecretId: 'trunkline/a' }));
  expect(SecretString).toBe('given');
});

test.each([
  ['ResourceNotFoundException', new GetSecretValueCommand({ SecretId: 'nobody' })],
  ['ResourceNotFoundException', new GetSecretValueCommand({ SecretId: 'a', VersionStage: 'AWSPREVIOUS' })],
  ['ResourceExistsException', new CreateSecretCommand({ Name: 'a', SecretString: 'again' })],
  ['InvalidParameterException', new CreateSecretCommand({ Name: 'no spaces', SecretString: 'x' })],
  ['InvalidRequestException', new PutSecretValueCommand({ SecretId: 'a' })],
  ['ResourceNotFoundException', new DescribeSecretCommand({ SecretId: 'nobody' })],
  ['NotImplemented', new ListSecretsCommand()],
])('%s is what the service would say, or that it is not emulated', async (name, command) => {
  await using stage = await aStore({ a: 'one' });
  await expect(stage.client.send(command as GetSecretValueCommand)).rejects.toMatchObject({ name });
});

test('a service that is down cuts the connection', async () => {
  await using stage = await aStore({ a: 'one' });
  stage.cloud.faults.secretsDown = true;
  await expect(stage.client.send(new GetSecretValueCommand({ SecretId: 'a' }))).rejects.toThrow();
});
