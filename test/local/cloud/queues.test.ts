import {
  BatchEntryIdsNotDistinct,
  BatchRequestTooLong,
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  EmptyBatchRequest,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  QueueDoesNotExist,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type HeldClock, heldClock } from '../../edge-node/held-clock.ts';
import { aCloud, type TestCloud, until } from './a-cloud.ts';

let cloud: TestCloud;
let clock: HeldClock;
let QueueUrl: string;

const arn = (name: string) => `arn:aws:sqs:local-1:000000000000:${name}`;

beforeEach(async () => {
  clock = heldClock();
  const RedrivePolicy = { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 2 };
  cloud = await aCloud(
    {
      Work: {
        Type: 'AWS::SQS::Queue',
        Properties: { QueueName: 'work', VisibilityTimeout: 30, RedrivePolicy },
      },
      Slow: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'slow', DelaySeconds: 60 } },
      Dead: { Type: 'AWS::SQS::Queue' },
    },
    { timers: clock },
  );
  QueueUrl = cloud.urlOf('work');
});
afterEach(() => cloud[Symbol.asyncDispose]());

const send = (MessageBody: string, more = {}) =>
  cloud.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
const receive = async (more: Partial<ReceiveMessageCommandInput> = {}) => {
  const request = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more });
  return (await cloud.sqs.send(request)).Messages ?? [];
};
const bodies = async (more: Partial<ReceiveMessageCommandInput> = {}) =>
  (await receive(more)).map(({ Body }) => Body);
const depth = (name = 'work') => cloud.queueDepth(name);
const pollsWaiting = () => clock.pending() > 0;

describe('a message', () => {
  test('comes with its attributes for those who ask for them', async () => {
    const MessageAttributes = { kind: { DataType: 'String', StringValue: 'decision' } };
    const sent = await send('Grüße', { MessageAttributes });
    const [plain] = await receive();
    clock.pass(30_000);
    expect(plain).toEqual({
      MessageId: sent.MessageId,
      Body: 'Grüße',
      MD5OfBody: sent.MD5OfMessageBody,
      ReceiptHandle: expect.any(String),
    });
    const [full] = await receive({
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    expect(full).toMatchObject({ MessageAttributes, Attributes: { ApproximateReceiveCount: '2' } });
    expect(full?.Attributes).not.toHaveProperty('SentTimestamp');
  });

  test('is hidden while it is handled, and gone when it is deleted', async () => {
    await send('one');
    const [message] = await receive();
    expect(await bodies()).toEqual([]);
    expect(depth()).toEqual({ ready: 0, inFlight: 1, delayed: 0 });
    await cloud.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle }));
    expect(depth()).toEqual({ ready: 0, inFlight: 0, delayed: 0 });
    expect(clock.pending()).toBe(0);
  });

  test('comes again when its visibility time-out is over, and not before', async () => {
    await send('one');
    await receive();
    clock.pass(29_999);
    expect(await bodies()).toEqual([]);
    clock.pass(1);
    const [again] = await receive({ AttributeNames: ['All'] });
    expect(again).toMatchObject({ Body: 'one', Attributes: { ApproximateReceiveCount: '2' } });
  });

  test('can be kept hidden for longer, or given back at once', async () => {
    await send('one');
    const change = (ReceiptHandle: string | undefined, VisibilityTimeout: number) =>
      cloud.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout }));
    const [message] = await receive();
    await change(message?.ReceiptHandle, 120);
    clock.pass(119_000);
    expect(await bodies()).toEqual([]);
    await change(message?.ReceiptHandle, 0);
    expect(await bodies()).toEqual(['one']);
    await expect(change(message?.ReceiptHandle, 5)).rejects.toThrow('not of a message in flight');
  });

  test('goes to the dead-letter queue when it was received too often, with its age', async () => {
    const sentAt = clock.now();
    await send('poison');
    for (let tries = 0; tries < 2; tries += 1) {
      expect(await bodies()).toEqual(['poison']);
      clock.pass(30_000);
    }
    expect(await bodies()).toEqual([]);
    const [dead] = await receive({
      QueueUrl: cloud.urlOf('Dead'),
      MessageSystemAttributeNames: ['SentTimestamp'],
    });
    expect(dead).toMatchObject({ Body: 'poison', Attributes: { SentTimestamp: String(sentAt) } });
  });

  test('is delayed by the queue, or by its own DelaySeconds instead', async () => {
    const slow = { QueueUrl: cloud.urlOf('slow') };
    await send('by the queue', slow);
    await send('by itself', { ...slow, DelaySeconds: 5 });
    expect(depth('slow')).toEqual({ ready: 0, inFlight: 0, delayed: 2 });
    clock.pass(5_000);
    expect(await bodies(slow)).toEqual(['by itself']);
    clock.pass(55_000);
    expect(await bodies({ ...slow })).toContain('by the queue');
  });

  test('of more than 256 KiB is refused, and an empty one too', async () => {
    await expect(send('x'.repeat(256 * 1024 + 1))).rejects.toThrow('over 256 KiB');
    await send('x'.repeat(256 * 1024));
    await expect(send('')).rejects.toThrow('MessageBody');
  });
});

describe('a long poll', () => {
  test('wakes with the first message', async () => {
    const poll = bodies({ WaitTimeSeconds: 20 });
    await until(pollsWaiting);
    await send('awaited');
    expect(await poll).toEqual(['awaited']);
  });

  test('ends empty when its time is over', async () => {
    const poll = bodies({ WaitTimeSeconds: 20 });
    await until(pollsWaiting);
    clock.pass(20_000);
    expect(await poll).toEqual([]);
  });

  test('whose client went away takes nothing', async () => {
    const stop = new AbortController();
    const request = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 });
    const poll = cloud.sqs.send(request, { abortSignal: stop.signal });
    await until(pollsWaiting);
    stop.abort();
    await expect(poll).rejects.toThrow(/abort/i);
    await until(() => clock.pending() === 0);
    await send('for the next one');
    expect(depth()).toEqual({ ready: 1, inFlight: 0, delayed: 0 });
  });

  test('gets what becomes visible again', async () => {
    await send('one');
    await receive();
    const poll = bodies({ WaitTimeSeconds: 20 });
    await until(() => clock.pending() === 2);
    clock.pass(20_000);
    expect(await poll).toEqual([]);
    const next = bodies({ WaitTimeSeconds: 20 });
    await until(() => clock.pending() === 2);
    clock.pass(10_000);
    expect(await next).toEqual(['one']);
  });

  test('is ended by the cloud when it stops', async () => {
    const poll = bodies({ WaitTimeSeconds: 20 }).catch(() => 'cut');
    await until(pollsWaiting);
    await cloud[Symbol.asyncDispose]();
    expect(await poll).toBe('cut');
  });
});

describe('a batch', () => {
  const batch = (...texts: string[]) =>
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: texts.map((MessageBody, at) => ({ Id: `${at}`, MessageBody })),
    });

  test('is taken entry by entry', async () => {
    const { Successful = [], Failed } = await cloud.sqs.send(batch('a', '', 'c'));
    expect(Successful.map(({ Id }) => Id)).toEqual(['0', '2']);
    expect(Failed).toMatchObject([{ Id: '1', SenderFault: true, Code: 'MissingParameter' }]);
    expect(await bodies()).toEqual(['a', 'c']);
  });

  test('deletes many', async () => {
    await cloud.sqs.send(batch('a', 'b'));
    const Entries = (await receive()).map(({ ReceiptHandle }, at) => ({ Id: `${at}`, ReceiptHandle }));
    const { Successful } = await cloud.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    expect(Successful).toHaveLength(2);
    expect(depth()).toEqual({ ready: 0, inFlight: 0, delayed: 0 });
  });

  test('is refused as SQS refuses it', async () => {
    await expect(cloud.sqs.send(batch())).rejects.toBeInstanceOf(EmptyBatchRequest);
    await expect(cloud.sqs.send(batch('x'.repeat(200_000), 'x'.repeat(200_000)))).rejects.toBeInstanceOf(
      BatchRequestTooLong,
    );
    const twice = { Id: 'same', MessageBody: 'x' };
    const request = new SendMessageBatchCommand({ QueueUrl, Entries: [twice, twice] });
    await expect(cloud.sqs.send(request)).rejects.toBeInstanceOf(BatchEntryIdsNotDistinct);
  });

  test('one receive takes ten messages at most, in their order', async () => {
    const texts = Array.from({ length: 12 }, (_, at) => `${at}`);
    for (const text of texts) await send(text);
    expect(await bodies({ MaxNumberOfMessages: 3 })).toEqual(['0', '1', '2']);
    expect(await bodies()).toEqual(texts.slice(3));
  });
});

describe('a queue', () => {
  test('that is not there is QueueDoesNotExist', async () => {
    await expect(send('x', { QueueUrl: cloud.urlOf('nowhere') })).rejects.toBeInstanceOf(QueueDoesNotExist);
  });

  test('tells its URL, its ARN and its depth, and can be emptied', async () => {
    expect(await cloud.sqs.send(new GetQueueUrlCommand({ QueueName: 'work' }))).toMatchObject({ QueueUrl });
    await send('x');
    const attributes = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
    const { Attributes } = await cloud.sqs.send(attributes);
    expect(Attributes).toMatchObject({
      QueueArn: arn('work'),
      ApproximateNumberOfMessages: '1',
      VisibilityTimeout: '30',
    });
    await cloud.sqs.send(new PurgeQueueCommand({ QueueUrl }));
    expect(await bodies()).toEqual([]);
  });

  test('says which operations it has not', async () => {
    await expect(cloud.sqs.send(new ListQueueTagsCommand({ QueueUrl }))).rejects.toMatchObject({
      message: 'SQS ListQueueTags is not emulated on this machine',
      $metadata: { httpStatusCode: 501 },
    });
  });
});
