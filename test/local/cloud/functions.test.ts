import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aCloud, type TestCloud } from './a-cloud.ts';

/** Small bundles, each by the name of its function. */
const code = {
  Environment: 'export const handler = async () => process.env;',
  Context:
    'export const handler = async (event, { getRemainingTimeInMillis, ...facts }) => ({ event, facts, left: getRemainingTimeInMillis() });',
  Slow: 'export const handler = () => new Promise(() => setTimeout(() => {}, 60_000));',
  Busy: 'export const handler = () => { for (;;); };',
  Throwing:
    "export const handler = async () => { class NoSuchCall extends Error { name = 'NoSuchCall'; } throw new NoSuchCall('A'); };",
  Crashing:
    'let count = 0; export const handler = async (crash) => { if (crash === true) process.exit(7); return (count += 1); };',
  Unloadable: "throw new Error('the bundle is broken');",
  Nameless: 'export const another = () => {};',
  Counting: 'let count = 0; export const handler = async () => (count += 1);',
  Meeting: `import { threadId } from 'node:worker_threads';
    export const handler = async (ms) => { await new Promise((done) => setTimeout(done, ms)); return threadId; };`,
  Returning:
    'export const handler = async (kind) => (kind === "nothing" ? undefined : { at: new Date(0), kept: 1, dropped: undefined });',
};

let cloud: TestCloud;

beforeAll(async () => {
  process.env['SECRET_OF_THE_HOST'] = 'visible to nobody';
  const of = (name: string, more = {}) => ({
    Type: 'AWS::Lambda::Function',
    Properties: {
      FunctionName: name,
      Handler: 'index.handler',
      Code: { S3Key: `${name}.zip` },
      Timeout: 10,
      ...more,
    },
  });
  const functions = Object.fromEntries(Object.keys(code).map((name) => [name, of(name)]));
  cloud = await aCloud(
    {
      ...functions,
      Environment: of('Environment', {
        Environment: { Variables: { TABLE: { Ref: 'Failed' } } },
        MemorySize: 256,
      }),
      Slow: of('Slow', { Timeout: 1 }),
      Busy: of('Busy', { Timeout: 1 }),
      Meeting: of('Meeting', { ReservedConcurrentExecutions: 2 }),
      Failed: { Type: 'AWS::SQS::Queue' },
      OnFailure: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: {
          FunctionName: { Ref: 'Throwing' },
          MaximumRetryAttempts: 1,
          DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['Failed', 'Arn'] } } },
        },
      },
    },
    { code },
  );
});
afterAll(async () => {
  delete process.env['SECRET_OF_THE_HOST'];
  await cloud[Symbol.asyncDispose]();
});

/** As the SDK's Lambda client asks. */
const post = (name: string, event: unknown, type = 'RequestResponse') =>
  fetch(`${cloud.endpoint}/2015-03-31/functions/${name}/invocations`, {
    method: 'POST',
    headers: { 'x-amz-invocation-type': type },
    body: JSON.stringify(event),
  });

describe('a function', () => {
  test('sees its own environment and nothing of the host', async () => {
    const environment = await cloud.invoke('Environment', {});
    expect(environment).toMatchObject({
      TABLE: cloud.urlOf('Failed'),
      AWS_LAMBDA_FUNCTION_NAME: 'Environment',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      ...cloud.env,
    });
    for (const name of ['SECRET_OF_THE_HOST', 'PATH', 'HOME']) expect(environment).not.toHaveProperty(name);
  });

  test('gets its event and the context of Lambda', async () => {
    const { event, facts, left } = (await cloud.invoke('Context', { a: 1 })) as Record<string, unknown>;
    expect(event).toEqual({ a: 1 });
    expect(facts).toMatchObject({
      functionName: 'Context',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      invokedFunctionArn: 'arn:aws:lambda:local-1:000000000000:function:Context',
    });
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(10_000);
  });

  test('returns what JSON can say', async () => {
    expect(await cloud.invoke('Returning', 'something')).toEqual({ at: '1970-01-01T00:00:00.000Z', kept: 1 });
    expect(await cloud.invoke('Returning', 'nothing')).toBeNull();
  });

  test('stays warm: the next invocation finds what the last one left', async () => {
    expect(await cloud.invoke('Counting', {})).toBe(1);
    expect(await cloud.invoke('Counting', {})).toBe(2);
  });

  test('can be warmed before anybody needs it, without an invocation', async () => {
    await using other = await aCloud(
      {
        Early: {
          Type: 'AWS::Lambda::Function',
          Properties: { Handler: 'index.handler', Code: { S3Key: 'early.zip' } },
        },
      },
      { code: { early: 'const loadedAt = Date.now(); export const handler = async () => loadedAt;' } },
    );
    other.warm();
    other.warm();
    expect(other.usage().invocations).toBe(0);
    const loadedAt = await other.invoke('Early', {});
    expect(await other.invoke('Early', {})).toBe(loadedAt);
  });

  test('runs at most as often at one time as it may; the others wait their turn', async () => {
    const threads = await Promise.all(Array.from({ length: 6 }, () => cloud.invoke('Meeting', 30)));
    expect(new Set(threads).size).toBe(2);
  });
});

describe('a function that fails', () => {
  test.each([
    ['throws', 'Throwing', {}, 'NoSuchCall: A'],
    ['takes too long', 'Slow', {}, 'Sandbox.Timedout: Task timed out after 1.00 seconds'],
    ['lets nobody else run', 'Busy', {}, 'Sandbox.Timedout: Task timed out after 1.00 seconds'],
    ['leaves its process', 'Crashing', true, 'Runtime.ExitError: the function exited with code 7'],
    ['cannot be loaded', 'Unloadable', {}, 'Error: the bundle is broken'],
    ['has no such export', 'Nameless', {}, 'exports no function "handler"'],
    ['is not there', 'Nobody', {}, 'there is no function Nobody'],
  ])('because it %s, says so to the one who invoked it', async (_what, name, event, message) => {
    await expect(cloud.invoke(name, event)).rejects.toThrow(message);
  });

  test('starts anew after a crash', async () => {
    await expect(cloud.invoke('Crashing', true)).rejects.toThrow('code 7');
    expect(await cloud.invoke('Crashing', false)).toBe(1);
  });
});

describe('the Invoke API', () => {
  test('answers with the result, or with the error and a header', async () => {
    const good = await post('Returning', 'x');
    expect([good.status, await good.json()]).toEqual([200, { at: expect.any(String), kept: 1 }]);
    const bad = await post('Throwing', {});
    expect([bad.status, bad.headers.get('x-amz-function-error')]).toEqual([200, 'Unhandled']);
    expect(await bad.json()).toEqual({
      errorType: 'NoSuchCall',
      errorMessage: 'A',
      trace: expect.any(Array),
    });
    expect((await post('Nobody', {})).status).toBe(404);
  });

  test('an Event is taken at once; when its tries are used up, it goes where failures go', async () => {
    const before = cloud.usage().invocations;
    expect((await post('Throwing', { callId: 'A' }, 'Event')).status).toBe(202);
    await cloud.settled();
    expect(cloud.usage().invocations - before).toBe(2);
    expect(cloud.queueMessages('Failed').map((body) => JSON.parse(body))).toMatchObject([
      {
        requestPayload: { callId: 'A' },
        requestContext: { condition: 'RetriesExhausted' },
        responsePayload: { errorType: 'NoSuchCall', errorMessage: 'A' },
      },
    ]);
  });
});

test('a cloud that stops ends what still runs, and tells whoever waits for it', async () => {
  const Endless = {
    Handler: 'index.handler',
    Code: { S3Key: 'endless.zip' },
    Timeout: 900,
    ReservedConcurrentExecutions: 1,
  };
  const other = await aCloud(
    { Endless: { Type: 'AWS::Lambda::Function', Properties: Endless } },
    { code: { endless: 'export const handler = () => new Promise(() => setInterval(() => {}, 1e6));' } },
  );
  const invocations = [other.invoke('Endless', 1), other.invoke('Endless', 2)].map((each) =>
    each.catch(() => 'ended'),
  );
  await other[Symbol.asyncDispose]();
  const late = other.invoke('Endless', 3).catch(() => 'ended');
  expect(await Promise.all([...invocations, late])).toEqual(['ended', 'ended', 'ended']);
});

test('a function without its bundle stops the start', async () => {
  const Lost = {
    Type: 'AWS::Lambda::Function',
    Properties: { Handler: 'index.handler', Code: { S3Key: 'lost.zip' } },
  };
  await expect(aCloud({ Lost })).rejects.toThrow('the assembly has no asset lost');
});
