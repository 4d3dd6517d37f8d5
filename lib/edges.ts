import { ArnFormat, Duration, Stack, Token, Validations } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import { ManagedPolicy, type PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { sources } from '../contracts/envelope.ts';
import { tables } from '../contracts/tables.ts';
import { type Care, usesKey } from './care.ts';
import { deadLetters, encryptedWith } from './dead-letters.ts';
import { pascal } from './outputs.ts';
import { allow, asSource, inPartition } from './permissions.ts';

export interface EdgesProps {
  readonly ids: readonly string[];
  /** Queue names are this and the edge's id. */
  readonly edgeQueuePrefix: string;
  /** What the names of the secrets begin with that an edge may read. */
  readonly secretPrefix: string;
  readonly bus: EventBus;
  readonly config: Table;
  readonly fleet: Table;
  readonly registrations: Table;
  readonly care: Care;
}

/** One queue and one policy for each edge. */
export class Edges extends Construct {
  readonly edges: readonly Edge[];

  constructor(scope: Construct, id: string, props: EdgesProps) {
    super(scope, id);
    this.edges = props.ids.map((edgeId) => new Edge(this, edgeId, props));
  }
}

/** What one edge is given: a queue of its own and a policy that lets it do its part and no more. */
class Edge extends Construct {
  readonly edgeId: string;
  readonly queue: Queue;
  /** What it took and could not handle. */
  readonly undelivered: Queue;
  readonly policy: ManagedPolicy;

  constructor(scope: Construct, edgeId: string, props: EdgesProps) {
    super(scope, pascal(edgeId));
    this.edgeId = edgeId;
    this.undelivered = deadLetters(this, 'Undelivered', {
      queueName: `${props.care.prefix}-undelivered-${edgeId}`,
      key: props.care.key,
    });
    this.queue = new Queue(this, 'Queue', {
      queueName: `${props.edgeQueuePrefix}${edgeId}`,
      ...encryptedWith(props.care.key),
      enforceSSL: true,
      // Decisions live for seconds and commands for as long as their call: what waits longer finds nobody.
      retentionPeriod: Duration.minutes(5),
      visibilityTimeout: Duration.seconds(30),
      receiveMessageWaitTime: Duration.seconds(20),
      deadLetterQueue: { queue: this.undelivered, maxReceiveCount: 5 },
    });
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: `Trunkline edge ${edgeId}: attach to the role of the machine it runs on`,
      statements: [
        ...statementsOf(props, edgeId, this.queue),
        ...usesKey(props.care),
        allow(['secretsmanager:GetSecretValue'], secretsNamed(this, props.secretPrefix)),
      ],
    });
    Validations.of(this.policy).acknowledge({
      id: `AwsSolutions-IAM5[Resource::${reported(Stack.of(this), props.secretPrefix)}]`,
      reason:
        'The configuration says later which secrets a trunk has; they share the beginning of their names.',
    });
  }
}

/** Every ARN of a secret ends in six characters of AWS's choice: even one secret alone needs the star. */
const secretsNamed = (scope: Construct, prefix: string): string =>
  Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${prefix}*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/** The same as cdk-nag writes it: `<AWS::Region>` unless the stack is for a region that the app names. */
function reported({ partition, region, account }: Stack, prefix: string): string {
  const shown = (value: string, name: string) => (Token.isUnresolved(value) ? `<AWS::${name}>` : value);
  const place = `${shown(region, 'Region')}:${shown(account, 'AccountId')}`;
  return `arn:${shown(partition, 'Partition')}:secretsmanager:${place}:secret:${prefix}*`;
}

const statementsOf = (
  { bus, config, fleet, registrations }: EdgesProps,
  edgeId: string,
  queue: Queue,
): PolicyStatement[] => [
  allow(['events:PutEvents'], bus.eventBusArn, asSource(sources.edge)),
  allow(['dynamodb:GetItem', 'dynamodb:Query'], config.tableArn, inPartition(tables.config.partition)),
  allow(['dynamodb:PutItem'], fleet.tableArn, inPartition(edgeId)),
  // Whether the edge lives that a user is registered with.
  allow(['dynamodb:GetItem'], fleet.tableArn),
  allow(['dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:Query'], registrations.tableArn),
  allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage'], queue.queueArn),
];
