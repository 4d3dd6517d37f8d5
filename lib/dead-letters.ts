import { Duration, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IDestination } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption, type RedriveAllowPolicy } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { allow } from './permissions.ts';

export interface DeadLettersProps {
  /** By which `trunkline dead-letters` finds it. */
  readonly queueName?: string;
  readonly key?: IKey | undefined;
  /** Which queues may move their messages here; any by default. */
  readonly redriveAllowPolicy?: RedriveAllowPolicy;
}

/** SQS's own encryption, or by a key of the operator. */
export const encryptedWith = (key: IKey | undefined) =>
  key === undefined
    ? { encryption: QueueEncryption.SQS_MANAGED }
    : { encryption: QueueEncryption.KMS, encryptionMasterKey: key, dataKeyReuse: Duration.minutes(5) };

/** A queue for what could not be delivered or handled; kept for 14 days, the longest SQS allows. */
export function deadLetters(scope: Construct, id: string, props: DeadLettersProps = {}): Queue {
  const { key, ...rest } = props;
  const queue = new Queue(scope, id, {
    ...encryptedWith(key),
    ...rest,
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
