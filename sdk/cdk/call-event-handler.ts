import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { type IGrantable, type IPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { sources } from '../../contracts/envelope.ts';
import { type EventType, events } from '../../contracts/events.ts';
import { deadLetters, keptIn } from '../../lib/dead-letters.ts';
import { handledKeys, handlerVariables } from '../variables.ts';
import type { CallPlatform } from './call-platform.ts';
import type { EventFilter } from './event-filter.ts';

export interface CallEventHandlerProps<T extends EventType = EventType> {
  readonly platform: CallPlatform;
  /** Which events it hears: those that `onCallEvent` in `entry` takes. */
  readonly events: T | readonly T[];
  /** Only those of them: `{ leg: ['a'], digit: [{ 'anything-but': '#' }] }`. What is not wanted costs nothing. */
  readonly where?: EventFilter<T>;
  /** Path of a TypeScript or JavaScript file that exports `handler`, made by `onCallEvent`. */
  readonly entry: string;
  /** Of one run; 10 s by default. A run that takes longer is ended, and its event goes to the dead letters. */
  readonly timeout?: Duration;
  /** MB; 512 by default. */
  readonly memorySize?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Allows `calls.get`. */
  readonly readsCalls?: boolean;
  /** Runs once for each event, however often it is delivered: two writes and a small table of its own. */
  readonly once?: boolean;
  /** An event that is older is not handled any more; 60 s, the least that AWS knows, by default. Lambda's first rerun comes after a minute. */
  readonly maxEventAge?: Duration;
  /** After a run that failed; none by default. */
  readonly reruns?: 0 | 1 | 2;
  /** Of the function's log; a month by default. */
  readonly logRetention?: RetentionDays;
}

/**
 * A function of yours that hears events of calls and may command them: the rule on the bus, a role that allows that and no
 * more, a log group, X-Ray, and a queue for what could not be handled. Grant it what else it needs, as to any function.
 * @throws Error at synthesis for an event that does not exist, an entry that is no file, and a missing esbuild.
 */
export class CallEventHandler<T extends EventType = EventType> extends Construct implements IGrantable {
  readonly lambda: NodejsFunction;
  readonly deadLetters: Queue;
  readonly rule: Rule;

  constructor(scope: Construct, id: string, props: CallEventHandlerProps<T>) {
    super(scope, id);
    const types = typeof props.events === 'string' ? [props.events] : [...props.events];
    check(this.node.path, types, props.entry);
    const { platform, maxEventAge = Duration.seconds(60), reruns = 0 } = props;
    this.deadLetters = deadLetters(this, 'DeadLetters');
    this.lambda = this.function(props, maxEventAge, reruns);
    platform.grantCommands(this.lambda);
    if (props.readsCalls) this.mayReadCalls(platform);
    if (props.once) this.runsOnce();
    this.rule = new Rule(this, 'Rule', {
      eventBus: platform.bus,
      eventPattern: {
        source: [sources.edge, sources.control],
        detailType: types,
        ...(props.where === undefined ? {} : { detail: { ...props.where } }),
      },
      targets: [
        new LambdaTarget(this.lambda, { deadLetterQueue: this.deadLetters, maxEventAge, retryAttempts: 3 }),
      ],
    });
  }

  get grantPrincipal(): IPrincipal {
    return this.lambda.grantPrincipal;
  }

  private function(props: CallEventHandlerProps<T>, maxEventAge: Duration, reruns: 0 | 1 | 2) {
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // With AWS's managed policy it could write to every log group of the account.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    const lambda = new NodejsFunction(this, 'Function', {
      role,
      entry: props.entry,
      runtime: Runtime.NODEJS_22_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memorySize ?? 512,
      timeout: props.timeout ?? Duration.seconds(10),
      environment: { ...props.environment, [handlerVariables.bus]: props.platform.bus.eventBusArn },
      bundling,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      tracing: Tracing.ACTIVE,
      maxEventAge,
      retryAttempts: reruns,
      onFailure: keptIn(this.deadLetters),
    });
    acknowledge(lambda, role);
    return lambda;
  }

  private mayReadCalls(platform: CallPlatform): void {
    platform.grantReadCalls(this.lambda);
    this.lambda.addEnvironment(handlerVariables.callsTable, platform.callsTable.tableName);
  }

  private runsOnce(): void {
    const handled = new Table(this, 'Handled', {
      partitionKey: { name: handledKeys.partition, type: AttributeType.STRING },
      timeToLiveAttribute: handledKeys.ttl,
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    Validations.of(handled).acknowledge({
      id: 'AwsSolutions-DDB3',
      reason: 'What was handled is known for a day; nothing in it is worth a backup.',
    });
    handled.grant(this.lambda, 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem');
    this.lambda.addEnvironment(handlerVariables.handledTable, handled.tableName);
  }
}

/** One file with the SDK in it: the version that was tested is the version that runs. */
const bundling = {
  format: OutputFormat.ESM,
  target: 'node22',
  mainFields: ['module', 'main'],
  minify: true,
  sourceMap: false,
  bundleAwsSDK: true,
  forceDockerBundling: false,
  // CommonJS parts of the bundle still call require for node's own modules.
  banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
};

function acknowledge(lambda: NodejsFunction, role: Role): void {
  Validations.of(lambda).acknowledge({
    id: 'AwsSolutions-L1',
    reason:
      'The bundle is written for Node 20 and up; 22 is the runtime that the AWS SDK goes on supporting longest.',
  });
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'X-Ray takes trace segments for no resource in particular.',
  });
}

function check(path: string, types: readonly string[], entry: string): void {
  const unknown = types.filter((type) => !Object.hasOwn(events, type));
  if (types.length === 0 || unknown.length > 0)
    throw new Error(
      `${path}: events: ${unknown.join(', ') || 'an empty list'} is no event; events are ${Object.keys(events).join(', ')}`,
    );
  if (!existsSync(entry))
    throw new Error(`${path}: entry: there is no file ${entry}; give the path of the handler's source`);
  try {
    createRequire(import.meta.url).resolve('esbuild');
  } catch {
    throw new Error(
      `${path}: esbuild bundles the function and is not installed: npm install --save-dev esbuild`,
    );
  }
}
