import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { HandlerName } from '../functions/env.ts';
import { Edge } from './edges.ts';
import { TrunklineBus } from './event-bus.ts';
import { decideRoute, type Platform, projectCall } from './handlers.ts';
import { outputs } from './outputs.ts';
import { Tables } from './tables.ts';

export interface TrunklineProps extends StackProps {
  /** Name of the bus, and what the names of the edges' queues begin with. */
  readonly prefix?: string;
  /** Ids of the edges; each gets a queue and a policy. */
  readonly edges?: readonly string[];
  /** Days that the record of a call is kept. */
  readonly retentionDays?: number;
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
    const { prefix = 'trunkline', edges = ['edge-1'], retentionDays = 30, archiveDays = 7 } = props;
    const removalPolicy = props.removal === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    const edgeQueuePrefix = `${prefix}-to-`;

    const { calls, config, fleet } = new Tables(this, 'Tables', removalPolicy);
    const { bus } = new TrunklineBus(this, 'Events', { name: prefix, archiveDays, removalPolicy });
    const fleetOfEdges = edges.map((edgeId) => ({
      edgeId,
      edge: new Edge(this, { edgeId, queueName: `${edgeQueuePrefix}${edgeId}`, bus, config, fleet }),
    }));
    const platform: Platform = {
      bus,
      calls,
      config,
      fleet,
      edgeQueues: fleetOfEdges.map(({ edge }) => edge.queue),
      edgeQueuePrefix,
      retentionDays,
      reservedConcurrency: props.reservedConcurrency ?? {},
    };
    for (const build of [decideRoute, projectCall]) build(this, platform);

    const output = (name: string, value: string) => new CfnOutput(this, name, { value });
    output(outputs.busName, bus.eventBusName);
    output(outputs.callsTable, calls.tableName);
    output(outputs.configTable, config.tableName);
    output(outputs.fleetTable, fleet.tableName);
    for (const { edgeId, edge } of fleetOfEdges) {
      output(outputs.edgeQueueUrl(edgeId), edge.queue.queueUrl);
      output(outputs.edgePolicyArn(edgeId), edge.policy.managedPolicyArn);
    }
  }
}
