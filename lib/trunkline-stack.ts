import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { HandlerName } from '../functions/env.ts';
import { Edges } from './edges.ts';
import { TrunklineBus } from './event-bus.ts';
import { acceptCommand, decideRoute, type Platform, projectCall, reapCalls } from './handlers.ts';
import { outputs } from './outputs.ts';
import { Tables } from './tables.ts';

export interface TrunklineProps extends StackProps {
  /** Name of the bus, and what the names of the edges' queues begin with. */
  readonly prefix?: string;
  /** Ids of the edges; each gets a queue and a policy. */
  readonly edges?: readonly string[];
  /** Days that the record of a call is kept. */
  readonly retentionDays?: number;
  /** An edge without a heartbeat for this long is lost, and its calls are ended. */
  readonly edgeLostAfterSeconds?: number;
  /** Days for which events can be replayed. */
  readonly archiveDays?: number;
  /** What becomes of tables and bus when the stack is deleted. */
  readonly removal?: 'retain' | 'destroy';
  /** Runs of one function at the same time, at most. */
  readonly reservedConcurrency?: Partial<Record<HandlerName, number>>;
}

/** The control plane of one platform in one region. */
export class TrunklineStack extends Stack {
  constructor(scope: Construct, id: string, props: TrunklineProps = {}) {
    super(scope, id, props);
    const { prefix = 'trunkline', retentionDays = 30, archiveDays = 7 } = props;
    const removalPolicy = props.removal === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    const edgeQueuePrefix = `${prefix}-to-`;

    const { calls, config, fleet } = new Tables(this, 'Tables', removalPolicy);
    const { bus } = new TrunklineBus(this, 'Events', { name: prefix, archiveDays, removalPolicy });
    const { edges } = new Edges(this, 'Edges', {
      ids: props.edges ?? ['edge-1'],
      edgeQueuePrefix,
      bus,
      config,
      fleet,
    });
    const platform: Platform = {
      bus,
      calls,
      config,
      fleet,
      edgeQueues: edges.map(({ queue }) => queue),
      edgeQueuePrefix,
      retentionDays,
      edgeLostAfterSeconds: props.edgeLostAfterSeconds ?? 120,
      reservedConcurrency: props.reservedConcurrency ?? {},
    };
    for (const build of [decideRoute, projectCall, acceptCommand, reapCalls]) build(this, platform);

    const output = (name: string, value: string) => new CfnOutput(this, name, { value });
    output(outputs.busName, bus.eventBusName);
    output(outputs.callsTable, calls.tableName);
    output(outputs.configTable, config.tableName);
    output(outputs.fleetTable, fleet.tableName);
    for (const { edgeId, queue, policy } of edges) {
      output(outputs.edgeQueueUrl(edgeId), queue.queueUrl);
      output(outputs.edgePolicyArn(edgeId), policy.managedPolicyArn);
    }
  }
}
