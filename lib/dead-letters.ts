import { Duration, Validations } from 'aws-cdk-lib';
import type { IDestination } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { allow } from './permissions.ts';

/** A queue for what could not be delivered or handled; kept for 14 days, the longest SQS allows. */
export function deadLetters(scope: Construct, id: string): Queue {
  const queue = new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  Validations.of(queue).acknowledge({ id: 'AwsSolutions-SQS3', reason: 'It is a dead-letter queue itself.' });
  return queue;
}

/** Lambda sends an event that a function failed there, in the name of the function: it may send, and nothing else. */
export const keptIn = (queue: Queue): IDestination => ({
  bind(_scope, lambda) {
    lambda.addToRolePolicy(allow(['sqs:SendMessage'], queue.queueArn));
    return { destination: queue.queueArn };
  },
});
