import pDefer from 'p-defer';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { handledOnce, type Invocation } from '../../sdk/adapters/handled-once.ts';
import { handledKeys, handlerVariables } from '../../sdk/variables.ts';
import { aCloud, type TestCloud } from '../local/cloud/a-cloud.ts';

const table = 'handled';
let cloud: TestCloud;

beforeAll(async () => {
  const key = { AttributeName: handledKeys.partition };
  cloud = await aCloud({
    Handled: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: table,
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ ...key, KeyType: 'HASH' }],
        AttributeDefinitions: [{ ...key, AttributeType: 'S' }],
      },
    },
  });
  for (const [name, value] of Object.entries(cloud.env)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await cloud?.[Symbol.asyncDispose]();
});

const anEvent = () => ({ detail: { id: ulid() } });
const context: Invocation = { getRemainingTimeInMillis: () => 10_000 };

/** A handler whose runs end when the test says so. */
function aSlowOne() {
  const runs: ReturnType<typeof pDefer<void>>[] = [];
  const once = handledOnce({ [handlerVariables.handledTable]: table });
  const handle = once(() => {
    const run = pDefer<void>();
    runs.push(run);
    return run.promise;
  });
  return { runs, handle };
}

test('what comes while the first run is under way does nothing, and is no failure', async () => {
  const { runs, handle } = aSlowOne();
  const event = anEvent();
  const first = handle(event, context);
  await expect.poll(() => runs.length).toBe(1);
  await handle(event, context);
  runs[0]?.resolve();
  await first;
  await handle(event, context);
  expect(runs).toHaveLength(1);
});

test('a run that fails while another delivery was let go is told as failed, and may be tried again', async () => {
  const { runs, handle } = aSlowOne();
  const event = anEvent();
  const first = handle(event, context);
  await expect.poll(() => runs.length).toBe(1);
  await handle(event, context);
  runs[0]?.reject(new Error('the database is away'));
  await expect(first).rejects.toThrow('the database is away');
  const second = handle(event, context);
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.resolve();
  await second;
});

test('a run that was killed is begun again once its time would have been over', async () => {
  const { runs, handle } = aSlowOne();
  const event = anEvent();
  void handle(event, { getRemainingTimeInMillis: () => 50 });
  await expect.poll(() => runs.length).toBe(1);
  await expect
    .poll(async () => {
      void handle(event, context);
      return runs.length;
    })
    .toBe(2);
});

test('what a handler throws is never taken for a second delivery', async () => {
  const { IdempotencyAlreadyInProgressError } = await import('@aws-lambda-powertools/idempotency');
  const once = handledOnce({ [handlerVariables.handledTable]: table });
  const handle = once(() => Promise.reject(new IdempotencyAlreadyInProgressError('their own')));
  await expect(handle(anEvent(), context)).rejects.toThrow('their own');
});
