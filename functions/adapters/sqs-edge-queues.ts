import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type EdgeQueues, ForeignQueue } from '../ports.ts';
import { currentTrace } from './trace.ts';

/** Sends to queues whose name begins with `prefix`. */
export function sqsEdgeQueues(client: SQSClient, prefix: string): EdgeQueues {
  return {
    async send(replyTo, message) {
      if (!isEdgeQueue(replyTo, prefix)) throw new ForeignQueue(prefix);
      const MessageBody = JSON.stringify(message);
      await client.send(
        new SendMessageCommand({ QueueUrl: replyTo, MessageBody, ...traced(currentTrace()) }),
      );
    },
  };
}

/** As a system attribute it counts as no attribute of the message. */
const traced = (StringValue: string | undefined) =>
  StringValue === undefined
    ? {}
    : { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue } } };

/** A queue URL ends in `/<12-digit account>/<name>`; only the function's IAM policy says which accounts and names are real. */
export function isEdgeQueue(url: string, prefix: string): boolean {
  if (!URL.canParse(url)) return false;
  const { pathname, search, hash } = new URL(url);
  const name = /^\/\d{12}\/([A-Za-z0-9_-]{1,80})$/.exec(pathname)?.[1];
  return name?.startsWith(prefix) === true && name.length > prefix.length && search === '' && hash === '';
}
