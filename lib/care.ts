import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { allow } from './permissions.ts';
import type { Settings } from './settings.ts';

/** How the parts of the platform are kept: what all of them have in common. */
export interface Care {
  readonly prefix: string;
  /** Of the operator; undefined: AWS's own keys. */
  readonly key: IKey | undefined;
  readonly logRetention: RetentionDays;
  readonly tracing: boolean;
}

export const careOf = (scope: Construct, settings: Settings): Care => ({
  prefix: settings.prefix,
  key:
    settings.encryptionKeyArn === undefined
      ? undefined
      : Key.fromKeyArn(scope, 'Key', settings.encryptionKeyArn),
  // The enum's values are days.
  logRetention: settings.logRetentionDays,
  tracing: settings.tracing,
});

/**
 * What whoever uses tables, queues and bus must be allowed with the operator's key (Amazon DynamoDB Developer Guide, "Using
 * AWS KMS keys"; Amazon SQS and EventBridge ask for less).
 */
export const usesKey = ({ key }: Care): readonly PolicyStatement[] =>
  key === undefined
    ? []
    : [
        allow(
          [
            'kms:Encrypt',
            'kms:Decrypt',
            'kms:ReEncryptFrom',
            'kms:ReEncryptTo',
            'kms:GenerateDataKey',
            'kms:DescribeKey',
          ],
          key.keyArn,
        ),
      ];
