import { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { awsClient } from '../../../edge-node/adapters/aws-client.ts';
import { sqsInbox } from '../../../edge-node/adapters/sqs-inbox.ts';
import { heardLogger } from '../heard-logger.ts';
import { type AwsAnswer, anAwsEndpoint } from './aws-endpoint.ts';

/** A queue that hands out batches of bodies, one batch a poll, and then lets polls hang as a long poll does. */
async function aQueue(batches: (readonly string[] | AwsAnswer)[], handle: (body: string) => Promise<void>) {
  const log = heardLogger();
  const polls: Record<string, unknown>[] = [];
  const deleted: string[] = [];
  const { client } = await anAwsEndpoint(({ action, body }) => {
    if (action === 'DeleteMessageBatch') {
      const entries = body['Entries'] as { Id: string; ReceiptHandle: string }[];
      deleted.push(...entries.map(({ ReceiptHandle }) => ReceiptHandle));
      return { body: { Successful: entries.map(({ Id }) => ({ Id })), Failed: [] } };
    }
    polls.push(body);
    const next = batches.shift() ?? 'silence';
    if (!Array.isArray(next)) return next as AwsAnswer;
    return {
      body: {
        Messages: next.map((text: string) => ({ MessageId: text, ReceiptHandle: `to-${text}`, Body: text })),
      },
    };
  });
  const sqs = new SQSClient({ ...awsClient({}, 25_000), ...client, md5: false });
  const queueUrl = `${client.endpoint}/1/edge-1`;
  const inbox = sqsInbox({ queueUrl, logger: log.logger, client: sqs, backOff: { firstMs: 2, capMs: 10 } });
  const listening = inbox.listen(handle);
  onTestFinished(() => listening[Symbol.asyncDispose]());
  return { listening, log, polls, deleted, queueUrl };
}

describe('the inbox', () => {
  test('long-polls ten messages for 20 s, and deletes what is handled', async () => {
    const handled: string[] = [];
    const { polls, deleted, queueUrl } = await aQueue([['a', 'b'], ['c']], async (body) => {
      handled.push(body);
    });
    await expect.poll(() => deleted).toEqual(['to-a', 'to-b', 'to-c']);
    expect(handled).toEqual(['a', 'b', 'c']);
    expect(polls[0]).toEqual({
      ...{ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 20 },
      MessageSystemAttributeNames: ['AWSTraceHeader'],
    });
  });

  test('leaves a message whose handling failed, and goes on', async () => {
    const { listening, deleted, log } = await aQueue([['good', 'bad'], ['next']], async (body) => {
      if (body === 'bad') throw new Error('not today');
    });
    await expect.poll(() => deleted).toContain('to-next');
    await listening[Symbol.asyncDispose]();
    expect(deleted).toEqual(['to-good', 'to-next']);
    expect(log.said('could not be handled')).toMatchObject([
      { messageId: 'bad', err: { message: 'not today' } },
    ]);
  });

  test('polls again while a slow handler is still at work', async () => {
    const handled: string[] = [];
    const finish: (() => void)[] = [];
    await aQueue([['slow'], ['quick']], (body) => {
      handled.push(body);
      return body === 'slow' ? new Promise((resolve) => finish.push(resolve)) : Promise.resolve();
    });
    await expect.poll(() => handled).toEqual(['slow', 'quick']);
    for (const done of finish) done();
  });

  test('comes back after the queue was away, having said so once', async () => {
    const failure = { status: 500, body: { __type: 'InternalFailure', message: 'oops' } };
    const { deleted, log } = await aQueue(['reset', failure, 'reset', failure, ['a']], async () => undefined);
    await expect.poll(() => deleted).toEqual(['to-a']);
    expect(log.said('cannot be read')).toHaveLength(1);
    expect(log.said('can be read again')).toMatchObject([{ failures: 4 }]);
  });

  test('stops at once in the middle of a long poll', async () => {
    const { listening, polls, log } = await aQueue([], async () => undefined);
    await expect.poll(() => polls).toHaveLength(1);
    await listening[Symbol.asyncDispose]();
    expect(log.lines).toEqual([]);
  });

  test('finishes what it has begun before it is disposed', async () => {
    let finish = () => {};
    const working = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let begun = false;
    const { listening, deleted } = await aQueue([['a']], () => {
      begun = true;
      return working;
    });
    await expect.poll(() => begun).toBe(true);
    const disposed = listening[Symbol.asyncDispose]();
    finish();
    await disposed;
    expect(deleted).toEqual(['to-a']);
  });
});
