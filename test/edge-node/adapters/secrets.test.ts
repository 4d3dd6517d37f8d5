import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { awsClient } from '../../../edge-node/adapters/aws-client.ts';
import { openSecrets } from '../../../edge-node/adapters/secrets.ts';
import { aCloud, until } from '../../local/cloud/a-cloud.ts';
import { heardLogger } from '../heard-logger.ts';
import { heldClock } from '../held-clock.ts';

const clientOf = (endpoint: string) =>
  new SecretsManagerClient({
    ...awsClient(),
    endpoint,
    region: 'local-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });

/** The adapter on an emulated Secrets Manager, with time in the hand of the test. */
async function aStore(secrets: Record<string, string>) {
  const cloud = await aCloud({}, { secrets });
  const client = clientOf(cloud.endpoint);
  const clock = heldClock();
  const { logger, lines } = heardLogger();
  const store = openSecrets({ clock, logger, client, env: { PASSWORD: 'of-env-4711', EMPTY: '' } });
  return { cloud, client, clock, store, lines, [Symbol.asyncDispose]: () => cloud[Symbol.asyncDispose]() };
}

const saidOf = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => expect.unreachable('it was read'),
    (error: Error) => error,
  );

describe('a secret of the environment', () => {
  test('is read', async () => {
    await using stage = await aStore({});
    expect(await stage.store.read({ env: 'PASSWORD' })).toBe('of-env-4711');
  });

  test.each(['MISSING', 'EMPTY'])('that is not there is told by its name: %s', async (env) => {
    await using stage = await aStore({});
    const { message } = await saidOf(stage.store.read({ env }));
    expect(message).toBe(`environment variable ${env} is not set`);
  });
});

describe('a secret of Secrets Manager', () => {
  test('is read by name or ARN, whole or by a field of its JSON', async () => {
    await using stage = await aStore({ 'trunkline/plain': 'plain-4711' });
    const json = JSON.stringify({ username: 'trunkline', password: 'field-4711', pin: 12 });
    const { ARN = '' } = await stage.client.send(
      new CreateSecretCommand({ Name: 'trunkline/json', SecretString: json }),
    );
    expect(await stage.store.read({ secret: 'trunkline/plain' })).toBe('plain-4711');
    expect(await stage.store.read({ secret: 'trunkline/json', field: 'password' })).toBe('field-4711');
    expect(await stage.store.read({ secret: ARN, field: 'pin' })).toBe('12');
  });

  test('is kept, and a newer value is there after the refresh period; no reader waits for it', async () => {
    await using stage = await aStore({ 'trunkline/a': 'old' });
    const { store, client, clock } = stage;
    expect(await store.read({ secret: 'trunkline/a' })).toBe('old');
    await client.send(new PutSecretValueCommand({ SecretId: 'trunkline/a', SecretString: 'new' }));
    clock.pass(299_000);
    expect(await store.read({ secret: 'trunkline/a' })).toBe('old');
    clock.pass(1_000);
    expect(await store.read({ secret: 'trunkline/a' })).toBe('old');
    await expect.poll(() => store.read({ secret: 'trunkline/a' })).toBe('new');
  });

  test('keeps its last good value while the service is away, and says so once', async () => {
    await using stage = await aStore({ 'trunkline/a': 'still-4711' });
    const { store, cloud, clock, lines } = stage;
    await store.read({ secret: 'trunkline/a' });
    cloud.faults.secretsDown = true;
    for (let hours = 0; hours < 3; hours += 1) {
      clock.pass(3_600_000);
      expect(await store.read({ secret: 'trunkline/a' })).toBe('still-4711');
      await until(() => lines.length > 0);
    }
    expect(lines).toMatchObject([{ secret: 'trunkline/a', keepsLast: true }]);
  });

  test('that is missing is told by name, and asked for again only some seconds later', async () => {
    await using stage = await aStore({});
    const { store, client, clock } = stage;
    const { message } = await saidOf(store.read({ secret: 'trunkline/b' }));
    expect(message).toMatch(/^secret "trunkline\/b" cannot be read: ResourceNotFoundException: /);
    await client.send(new CreateSecretCommand({ Name: 'trunkline/b', SecretString: 'late' }));
    clock.pass(4_999);
    await saidOf(store.read({ secret: 'trunkline/b' }));
    clock.pass(1);
    expect(await store.read({ secret: 'trunkline/b' })).toBe('late');
  });

  test.each([
    [
      '{"password":"leaked-4711"',
      'field "password" of secret "trunkline/a" is not set: the secret is no JSON object',
    ],
    ['leaked-4711', 'field "password" of secret "trunkline/a" is not set: the secret is no JSON object'],
    ['{"pass":"leaked-4711"}', 'field "password" of secret "trunkline/a" is not set'],
    ['{"password":{"is":"leaked-4711"}}', 'field "password" of secret "trunkline/a" is not set'],
    ['"leaked-4711"', 'field "password" of secret "trunkline/a" is not set'],
  ])('without the field that is asked for is told without quoting it: %s', async (text, expected) => {
    await using stage = await aStore({ 'trunkline/a': text });
    const error = await saidOf(stage.store.read({ secret: 'trunkline/a', field: 'password' }));
    expect(error.message).toBe(expected);
    expect(`${error.stack} ${JSON.stringify(stage.lines)}`).not.toContain('4711');
  });

  test('is asked for once by many readers at one time', async () => {
    await using stage = await aStore({ 'trunkline/a': 'one' });
    let sent = 0;
    stage.client.middlewareStack.add((next) => (args) => {
      sent += 1;
      return next(args);
    });
    await Promise.all(Array.from({ length: 50 }, () => stage.store.read({ secret: 'trunkline/a' })));
    expect(sent).toBe(1);
  });
});
