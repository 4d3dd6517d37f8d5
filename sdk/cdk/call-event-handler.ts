import { Duration, Names, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { type CfnRule, Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { IGrantable, IPrincipal } from 'aws-cdk-lib/aws-iam';
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { sources } from '../../contracts/envelope.ts';
import type { EventType } from '../../contracts/events.ts';
import { deadLetters } from '../../lib/dead-letters.ts';
import { handledKeys, handlerVariables } from '../variables.ts';
import type { CallPlatform } from './call-platform.ts';
import { checkHandler } from './check-handler.ts';
import type { EventFilter } from './event-filter.ts';
import { type FunctionProps, handlerFunction } from './handler-function.ts';

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
  /** Hears events again that `aws events start-replay` sends from the archive. By default it does not: a replay repairs one function. */
  readonly hearsReplays?: boolean;
  /** An event that is older is not handled any more; 60 s, the least that AWS knows, by default. Lambda's first rerun comes after a minute. */
  readonly maxEventAge?: Duration;
  /** After a run that failed; none by default. */
  readonly reruns?: 0 | 1 | 2;
  /** Of the function's log; a month by default. */
  readonly logRetention?: RetentionDays;
  /** What else a function may have: `vpc`, `layers`, `bundling`, which is added to ours, `tracing`. */
  readonly function?: FunctionProps;
}

/**
 * A function of yours that hears events of calls and may command them: the rule on the bus, a role that allows that and no
 * more, a log group, X-Ray, and a queue for what could not be handled, which `trunkline dead-letters` lists beside those of the
 * platform. Grant it what else it needs, as to any function.
 * @throws Error at synthesis for an event that does not exist, a filter that EventBridge would refuse, an entry that is no
 * file, and a missing esbuild.
 */
export class CallEventHandler<T extends EventType = EventType> extends Construct implements IGrantable {
  readonly lambda: NodejsFunction;
  readonly deadLetters: Queue;
  readonly rule: Rule;

  constructor(scope: Construct, id: string, props: CallEventHandlerProps<T>) {
    super(scope, id);
    const types = typeof props.events === 'string' ? [props.events] : [...props.events];
    const { platform, where, entry, maxEventAge = Duration.seconds(60), reruns = 0, once = false } = props;
    const { timeout = Duration.seconds(10) } = props;
    checkHandler(this.node.path, { types, where, entry, once, reruns, timeout: timeout.toSeconds() });
    this.deadLetters = deadLetters(this, 'DeadLetters', { queueName: queueNameOf(this, platform) });
    this.lambda = handlerFunction(this, {
      ...{ entry, timeout, maxEventAge, reruns, deadLetters: this.deadLetters },
      ...{ memorySize: props.memorySize ?? 512, logRetention: props.logRetention },
      environment: { ...props.environment, [handlerVariables.bus]: platform.bus.eventBusArn },
      more: props.function ?? {},
    });
    platform.grantCommands(this.lambda);
    if (props.readsCalls) this.mayReadCalls(platform);
    if (once) this.runsOnce();
    this.rule = this.hears(types, props, maxEventAge);
  }

  get grantPrincipal(): IPrincipal {
    return this.lambda.grantPrincipal;
  }

  private hears(types: string[], props: CallEventHandlerProps<T>, maxEventAge: Duration): Rule {
    const rule = new Rule(this, 'Rule', {
      eventBus: props.platform.bus,
      eventPattern: {
        source: [sources.edge, sources.control],
        detailType: types,
        ...(props.where === undefined ? {} : { detail: { ...props.where } }),
      },
      targets: [
        new LambdaTarget(this.lambda, { deadLetterQueue: this.deadLetters, maxEventAge, retryAttempts: 3 }),
      ],
    });
    // EventBridge marks what it replays: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html
    if (!props.hearsReplays)
      (rule.node.defaultChild as CfnRule).addPropertyOverride('EventPattern.replay-name', [
        { exists: false },
      ]);
    return rule;
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

/** `trunkline dead-letters` finds queues by how their names begin; SQS takes 80 letters. */
function queueNameOf(handler: Construct, { prefix }: CallPlatform): string {
  const begin = `${prefix}-dead-letters-`;
  return begin + Names.uniqueResourceName(handler, { maxLength: 80 - begin.length, separator: '-' });
}
