import { type Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { EnvOf, HandlerName, handlerEnvs } from '../functions/env.ts';
import { bundle } from './bundle.ts';
import { type Care, usesKey } from './care.ts';
import { deadLetters, keptIn } from './dead-letters.ts';
import { pascal } from './outputs.ts';

/** Patience with an event that cannot be handed over or whose handling failed. */
export interface Retries {
  /** 60 s is the least that EventBridge and Lambda know. */
  readonly maxEventAge: Duration;
  /** Attempts of EventBridge to reach Lambda. */
  readonly deliveries: number;
  /** Runs after a first one that failed; Lambda waits one and then two minutes between them. */
  readonly reruns: 0 | 1 | 2;
}

export interface HandlerFunctionProps<N extends HandlerName> {
  readonly name: N;
  /** A variable that the handler reads and that is missing here is an error of the compiler. */
  readonly env: Omit<EnvOf<(typeof handlerEnvs)[N]>, 'PLATFORM'>;
  readonly may: readonly PolicyStatement[];
  readonly timeout: Duration;
  readonly retries: Retries;
  /** Runs at the same time; null: as many as the account has. */
  readonly reservedConcurrency: number | null | undefined;
  readonly care: Care;
}

/** A Lambda function from functions/handlers, with its own log group, role and dead-letter queue. */
export class HandlerFunction<N extends HandlerName = HandlerName> extends Construct {
  readonly name: N;
  readonly lambda: LambdaFunction;
  readonly deadLetters: Queue;
  readonly retries: Retries;

  constructor(scope: Construct, props: HandlerFunctionProps<N>) {
    super(scope, pascal(props.name));
    const { maxEventAge, reruns } = props.retries;
    const { key, prefix, tracing } = props.care;
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.care.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(key ? { encryptionKey: key } : {}),
    });
    this.name = props.name;
    this.retries = props.retries;
    this.deadLetters = deadLetters(this, 'DeadLetters', {
      queueName: `${prefix}-dead-letters-${props.name}`,
      key,
    });
    this.lambda = new LambdaFunction(this, 'Function', {
      description: `Trunkline ${props.name}`,
      code: bundle(this, props.name),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_22_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: props.timeout,
      role: this.role(logGroup, [...props.may, ...usesKey(props.care)], tracing),
      environment: { ...props.env, PLATFORM: prefix },
      ...(key ? { environmentEncryption: key } : {}),
      tracing: tracing ? Tracing.ACTIVE : Tracing.DISABLED,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
      maxEventAge,
      retryAttempts: reruns,
      onFailure: keptIn(this.deadLetters),
      ...(props.reservedConcurrency ? { reservedConcurrentExecutions: props.reservedConcurrency } : {}),
    });
    Validations.of(this.lambda).acknowledge({
      id: 'AwsSolutions-L1',
      reason:
        'Bundles are written for Node 20 and tested on it; 22 is the runtime nearest to that which the AWS SDK goes on supporting.',
    });
  }

  /** Its own log group and what `may` says: AWS's managed policy would open every log group of the account. */
  private role(logGroup: LogGroup, may: readonly PolicyStatement[], tracing: boolean): Role {
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    for (const statement of may) role.addToPolicy(statement);
    // CDK itself allows the two actions of X-Ray.
    if (tracing)
      Validations.of(role).acknowledge({
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'X-Ray takes trace segments for no resource in particular.',
      });
    return role;
  }
}
