import { ListRulesCommand, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HeldClock, heldClock } from '../../edge-node/held-clock.ts';
import { aCloud, type TestCloud, until } from './a-cloud.ts';

let cloud: TestCloud;
let clock: HeldClock;

const get = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const queue = { Type: 'AWS::SQS::Queue' };
const rule = (pattern: unknown, target: Record<string, unknown>, more = {}) => ({
  Type: 'AWS::Events::Rule',
  Properties: {
    EventBusName: { Ref: 'Bus' },
    EventPattern: pattern,
    Targets: [{ Id: 'T', ...target }],
    ...more,
  },
});
const nowhere = 'arn:aws:sqs:local-1:000000000000:nowhere';
const dead = { DeadLetterConfig: { Arn: get('Dead') } };

/** Remembers what it is told, and tells it who asks. */
const memory = `const told = [];
export const handler = async (event) => { if (event === 'tell') return told; told.push(event); };`;

beforeEach(async () => {
  clock = heldClock();
  cloud = await aCloud(
    {
      Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'calls' } },
      Inbox: queue,
      Part: queue,
      Dead: queue,
      Memory: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Handler: 'index.handler',
          Code: { S3Key: 'memory.zip' },
          ReservedConcurrentExecutions: 1,
        },
      },
      ToQueue: rule({ 'detail-type': ['call.ended'] }, { Arn: get('Inbox') }),
      ToFunction: rule({ source: ['edge'] }, { Arn: get('Memory') }),
      OnePart: rule({ 'detail-type': ['part'] }, { Arn: get('Part'), InputPath: '$.detail.inner' }),
      Constant: rule({ 'detail-type': ['part'] }, { Arn: get('Part'), Input: '{"constant":true}' }),
      Off: rule({ 'detail-type': ['call.ended'] }, { Arn: get('Part') }, { State: 'DISABLED' }),
      OtherBus: rule({ 'detail-type': ['call.ended'] }, { Arn: get('Part') }, { EventBusName: 'default' }),
      FewTries: rule(
        { 'detail-type': ['few'] },
        { Arn: nowhere, RetryPolicy: { MaximumRetryAttempts: 3 }, ...dead },
      ),
      Young: rule(
        { 'detail-type': ['young'] },
        { Arn: nowhere, RetryPolicy: { MaximumEventAgeInSeconds: 120 }, ...dead },
      ),
      Hourly: {
        Type: 'AWS::Events::Rule',
        Properties: { ScheduleExpression: 'rate(1 hour)', Targets: [{ Id: 'T', Arn: get('Inbox') }] },
      },
    },
    { timers: clock, retryMs: 1_000, code: { memory } },
  );
});
afterEach(() => cloud[Symbol.asyncDispose]());

const put = (...entries: PutEventsRequestEntry[]) => {
  const complete = {
    EventBusName: 'calls',
    Source: 'edge',
    DetailType: 'call.ended',
    Detail: '{"callId":"A"}',
  };
  const Entries = entries.map((entry) => ({ ...complete, ...entry }));
  return cloud.eventBridge.send(new PutEventsCommand({ Entries }));
};
const inbox = (name = 'Inbox') =>
  cloud.queueMessages(name).map((body) => JSON.parse(body) as Record<string, unknown>);
const told = async () => (await cloud.invoke('Memory', 'tell')) as unknown[];
/** Hours in steps, until it is so: work between two waits needs the real world's turn. */
const passUntil = (isSo: () => boolean) =>
  until(() => {
    clock.pass(1_000);
    return isSo();
  });

describe('an event', () => {
  test('reaches the queue and the function whose rules it matches, whole', async () => {
    const { Entries = [] } = await put({ Resources: ['arn:one'], Time: new Date('2026-01-02T03:04:05Z') });
    await cloud.settled();
    const event = {
      version: '0',
      id: Entries[0]?.EventId,
      'detail-type': 'call.ended',
      source: 'edge',
      account: '000000000000',
      time: '2026-01-02T03:04:05Z',
      region: 'local-1',
      resources: ['arn:one'],
      detail: { callId: 'A' },
    };
    expect(inbox()).toEqual([event]);
    expect(await told()).toEqual([event]);
    expect(inbox('Part')).toEqual([]);
  });

  test('goes by the name of its bus or by its ARN', async () => {
    await put({ EventBusName: 'arn:aws:events:local-1:000000000000:event-bus/calls' });
    await cloud.settled();
    expect(inbox()).toHaveLength(1);
  });

  test('is cut down to a part, or replaced, for a target that asks for it', async () => {
    await put({ DetailType: 'part', Source: 'x', Detail: '{"inner":{"a":1}}' });
    await cloud.settled();
    expect(inbox('Part')).toEqual([{ a: 1 }, { constant: true }]);
  });

  test('can be found again by a pattern', async () => {
    await put({ Detail: '{"callId":"A"}' }, { Detail: '{"callId":"B"}' });
    expect(cloud.events({ detail: { callId: ['B'] } })).toMatchObject([{ detail: { callId: 'B' } }]);
    expect(cloud.usage().events).toBe(2);
  });
});

describe('PutEvents', () => {
  test('refuses entries one by one and takes the others', async () => {
    const { FailedEntryCount, Entries = [] } = await put(
      { Detail: 'no JSON' },
      { Detail: '"a string"' },
      { Detail: '[]' },
      { Source: '' },
      { DetailType: '' },
      { EventBusName: 'other' },
      { Detail: JSON.stringify({ text: 'x'.repeat(256 * 1024) }) },
      {},
    );
    expect(Entries.map(({ ErrorCode }) => ErrorCode)).toEqual([
      ...['MalformedDetail', 'MalformedDetail', 'MalformedDetail', 'InvalidArgument', 'InvalidArgument'],
      ...['InvalidArgument', 'InvalidArgument', undefined],
    ]);
    expect(FailedEntryCount).toBe(7);
    expect(Entries[5]?.ErrorMessage).toContain('there is no event bus other');
    await cloud.settled();
    expect(inbox()).toHaveLength(1);
  });

  test('takes one to ten entries', async () => {
    await expect(put()).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(put(...Array.from({ length: 11 }, () => ({})))).rejects.toMatchObject({
      name: 'ValidationException',
    });
  });

  test('says which other operations are not there', async () => {
    await expect(cloud.eventBridge.send(new ListRulesCommand({}))).rejects.toMatchObject({
      message: 'EventBridge ListRules is not emulated on this machine',
      $metadata: { httpStatusCode: 501 },
    });
  });
});

describe('a target that does not take an event', () => {
  const deadLetter = async () => {
    const request = new ReceiveMessageCommand({
      QueueUrl: cloud.urlOf('Dead'),
      MessageAttributeNames: ['All'],
    });
    const [message] = (await cloud.sqs.send(request)).Messages ?? [];
    const attributes = Object.entries(message?.MessageAttributes ?? {});
    return {
      event: JSON.parse(message?.Body ?? '{}'),
      ...Object.fromEntries(attributes.map(([name, { StringValue }]) => [name, StringValue])),
    };
  };

  test('is tried as often as the rule says; then the event is a dead letter that says why', async () => {
    const before = clock.now();
    await put({ DetailType: 'few', Source: 'x' });
    expect(cloud.queueDepth('Dead')).toMatchObject({ ready: 0 });
    await passUntil(() => cloud.queueMessages('Dead').length > 0);
    // Three waits of 1, 2 and 4 s, each cut by up to half.
    expect(clock.now() - before).toBeGreaterThanOrEqual(3_500);
    expect(await deadLetter()).toEqual({
      event: cloud.events()[0],
      RULE_ARN: 'arn:aws:events:local-1:000000000000:rule/calls/FewTries',
      TARGET_ARN: nowhere,
      ERROR_CODE: 'SDK_CLIENT_ERROR',
      ERROR_MESSAGE: 'the target did not take the event',
      EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
      RETRY_ATTEMPTS: '3',
    });
  });

  test('is given up when the event is too old, long before its tries are used up', async () => {
    const before = clock.now();
    await put({ DetailType: 'young', Source: 'x' });
    await passUntil(() => cloud.queueMessages('Dead').length > 0);
    expect(clock.now() - before).toBeLessThanOrEqual(121_000);
    expect(await deadLetter()).toMatchObject({ EXHAUSTED_RETRY_CONDITION: 'MaximumEventAgeInSeconds' });
  });

  test('is not waited for when the cloud stops', async () => {
    await put({ DetailType: 'few', Source: 'x' });
    await until(() => clock.pending() > 1);
    await cloud[Symbol.asyncDispose]();
    expect(clock.pending()).toBe(0);
  });
});

describe('a schedule', () => {
  test('fires by the clock, again and again', async () => {
    await passUntil(() => inbox().length > 0);
    await passUntil(() => inbox().length > 1);
    const scheduled = { source: 'aws.events', 'detail-type': 'Scheduled Event' };
    expect(inbox()).toMatchObject([
      { ...scheduled, time: '2026-01-01T01:00:00Z' },
      { ...scheduled, time: '2026-01-01T02:00:00Z' },
    ]);
  });

  test('fires when it is told to, by a part of its name', async () => {
    cloud.fire('Hour');
    await cloud.settled();
    expect(inbox()).toHaveLength(1);
    expect(() => cloud.fire('Yearly')).toThrow(/no rule Yearly; rules are: .*Hourly/);
  });
});

describe('a fault', () => {
  test('duplicate deliveries: every target gets every event twice', async () => {
    cloud.faults.duplicateDeliveries = true;
    await put({});
    await cloud.settled();
    expect([inbox().length, (await told()).length]).toEqual([2, 2]);
  });

  test('a paused rule delivers nothing, the others do', async () => {
    cloud.faults.pausedRules.add('ToQueue');
    await put({});
    await cloud.settled();
    expect([inbox().length, (await told()).length]).toEqual([0, 1]);
  });

  test('EventBridge down is a connection that breaks, and mends', async () => {
    cloud.faults.eventBridgeDown = true;
    await expect(put({})).rejects.toMatchObject({ code: 'ECONNRESET' });
    cloud.faults.eventBridgeDown = false;
    expect((await put({})).FailedEntryCount).toBe(0);
  });

  test('refused entries come back as throttled', async () => {
    cloud.faults.refuseEntry = (detail) => detail.includes('B');
    const { Entries } = await put({}, { Detail: '{"callId":"B"}' });
    expect(Entries).toMatchObject([{ EventId: expect.any(String) }, { ErrorCode: 'ThrottlingException' }]);
  });
});

test.each([
  ['a pattern with a fault', { EventPattern: { a: [{ regex: 'x' }] } }, 'event pattern, at Broken.a.regex'],
  [
    'a schedule by cron',
    { ScheduleExpression: 'cron(0 12 * * ? *)' },
    'rule Broken: cron(0 12 * * ? *) is not emulated',
  ],
  [
    'an InputTransformer',
    { Targets: [{ Id: 'T', Arn: 'x', InputTransformer: {} }] },
    'rule Broken: InputTransformer is not',
  ],
])('%s stops the start and names the rule', async (_what, properties, message) => {
  const Broken = { Type: 'AWS::Events::Rule', Properties: properties };
  await expect(aCloud({ Broken })).rejects.toThrow(message);
});
