import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { aCloud, type TestCloud } from '../local/cloud/a-cloud.ts';
import { aFolder } from '../local/stand-in.ts';
import { trunklineIn } from './run-cli.ts';

const failures = 'trunkline-dead-letters-project-call';
const arn = 'arn:aws:lambda:local-1:000000000000:function:ProjectCall';
const event = (callId: string) => ({
  ...{ 'detail-type': 'call.ringing', time: '2026-01-31T12:00:00Z', detail: { callId } },
});

let cloud: TestCloud;
let folder: Awaited<ReturnType<typeof aFolder>>;

beforeAll(async () => {
  const queue = (QueueName: string) => ({ Type: 'AWS::SQS::Queue', Properties: { QueueName } });
  cloud = await aCloud(
    {
      One: queue(failures),
      Two: queue('trunkline-undelivered-edge-1'),
      Other: queue('trunkline-to-edge-1'),
      ProjectCall: {
        Type: 'AWS::Lambda::Function',
        Properties: { Handler: 'index.handler', Code: { S3Key: 'project.zip' } },
      },
    },
    { code: { project: 'export const handler = async () => {};' } },
  );
  folder = await aFolder();
  await mkdir(join(folder.path, '.trunkline'));
  const platform = { pid: process.pid, env: cloud.env, outputs: {}, events: '' };
  await writeFile(join(folder.path, '.trunkline', 'up.json'), JSON.stringify(platform));
});
afterAll(async () => {
  await cloud?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

const put = (queue: string, body: object, attributes = {}) =>
  cloud.sqs.send(
    new SendMessageCommand({
      ...{ QueueUrl: cloud.urlOf(queue), MessageBody: JSON.stringify(body) },
      MessageAttributes: attributes,
    }),
  );
const failed = (callId: string) =>
  put(failures, {
    requestContext: { functionArn: arn, condition: 'RetriesExhausted' },
    requestPayload: event(callId),
    responsePayload: { errorType: 'UnreadableEvent', errorMessage: 'sipStatus: expected number' },
  });
const letters = (...words: string[]) => trunklineIn(folder.path, 'dead-letters', ...words);

describe('trunkline dead-letters', () => {
  beforeEach(async () => {
    await cloud.sqs.send(new PurgeQueueCommand({ QueueUrl: cloud.urlOf(failures) }));
  });

  test('list shows every queue of failures with what lies in it, and no other queue', async () => {
    await failed('A');
    const { code, stdout } = await letters('list', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      [
        { queue: failures, messages: 1 },
        { queue: 'trunkline-undelivered-edge-1', messages: 0 },
      ],
    ]);
  });

  test('show tells the event and the error', async () => {
    await failed('B');
    const { code, stdout } = await letters('show', 'project-call');
    expect([code, stdout]).toEqual([
      0,
      '2026-01-31T12:00:00Z  call.ringing  B  UnreadableEvent: sipStatus: expected number\n',
    ]);
  });

  test('redrive hands each to the function it was for, whoever left it there', async () => {
    await failed('C');
    const text = (StringValue: string) => ({ DataType: 'String', StringValue });
    await put(failures, event('D'), { TARGET_ARN: text(arn), ERROR_MESSAGE: text('too late') });
    const before = cloud.usage().invocations;
    const { code, stdout } = await letters('redrive', failures, '--json');
    expect([code, JSON.parse(stdout)]).toEqual([0, { queue: failures, redriven: 2 }]);
    await cloud.settled();
    expect(cloud.usage().invocations - before).toBe(2);
    expect(cloud.queueMessages(failures)).toEqual([]);
  });

  test('what no edge took is not handed out again: its call is long over', async () => {
    const { code, stderr } = await letters('redrive', 'trunkline-undelivered-edge-1');
    expect([code, stderr]).toEqual([2, expect.stringContaining('did not wait for them')]);
  });

  test('a queue that is not there is told with those that are', async () => {
    const { code, stderr } = await letters('show', 'project');
    expect([code, stderr]).toEqual([2, expect.stringContaining(`there are ${failures}`)]);
  });
});
