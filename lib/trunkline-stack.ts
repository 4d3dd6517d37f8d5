import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { careOf } from './care.ts';
import { Edges } from './edges.ts';
import { TrunklineBus } from './event-bus.ts';
import type { PlatformNames } from './fleet/plans.ts';
import {
  acceptCommand,
  codecPolicy,
  collectDtmf,
  decideRoute,
  type Platform,
  projectCall,
  reapCalls,
} from './handlers.ts';
import { exportOf, outputs } from './outputs.ts';
import type { Settings } from './settings.ts';
import { Tables } from './tables.ts';
import { FleetMetrics } from './watch/metrics.ts';
import { Watching } from './watch/watching.ts';

export interface TrunklineProps extends StackProps {
  readonly settings: Settings;
}

/** The control plane of one platform in one region. */
export class TrunklineStack extends Stack {
  readonly edges: Edges['edges'];
  /** By which an edge finds the platform. */
  readonly names: PlatformNames;

  constructor(scope: Construct, id: string, { settings, ...props }: TrunklineProps) {
    super(scope, id, props);
    const removalPolicy = settings.removal === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    const edgeQueuePrefix = `${settings.prefix}-to-`;

    const care = careOf(this, settings);
    const { calls, config, fleet, registrations } = new Tables(this, 'Tables', removalPolicy, care.key);
    const { bus } = new TrunklineBus(this, 'Events', {
      name: settings.prefix,
      archiveDays: settings.archiveDays,
      removalPolicy,
      key: care.key,
    });
    const { edges: ids, secretPrefix } = settings;
    const shared = { bus, config, fleet, registrations, care };
    const { edges } = new Edges(this, 'Edges', { ids, edgeQueuePrefix, secretPrefix, ...shared });
    this.edges = edges;
    this.names = {
      bus: bus.eventBusName,
      configTable: config.tableName,
      fleetTable: fleet.tableName,
      registrationsTable: registrations.tableName,
    };
    const edgeQueues = edges.map(({ queue }) => queue);
    const platform: Platform = { bus, calls, config, fleet, edgeQueues, edgeQueuePrefix, settings, care };
    const handlers = [decideRoute, projectCall, acceptCommand, collectDtmf, codecPolicy, reapCalls].map(
      (build) => build(this, platform),
    );
    new Watching(this, 'Watching', {
      ...{ care, settings },
      watched: {
        prefix: settings.prefix,
        fleet: new FleetMetrics(settings.prefix),
        edgeIds: ids,
        functions: Object.fromEntries(handlers.map(({ name, lambda }) => [name, lambda])),
        deadLetters: Object.fromEntries(handlers.map(({ name, deadLetters }) => [name, deadLetters])),
        edgeQueues: Object.fromEntries(edges.map(({ edgeId, queue }) => [edgeId, queue])),
        tables: { calls, config, fleet, registrations },
      },
    });

    const output = (name: string, value: string) =>
      new CfnOutput(this, name, { value, exportName: exportOf(settings.prefix, name) });
    output(outputs.busName, bus.eventBusName);
    output(outputs.busArn, bus.eventBusArn);
    output(outputs.callsTableArn, calls.tableArn);
    output(outputs.callsTable, calls.tableName);
    output(outputs.configTable, config.tableName);
    output(outputs.fleetTable, fleet.tableName);
    output(outputs.registrationsTable, registrations.tableName);
    for (const { edgeId, queue, policy } of edges) {
      output(outputs.edgeQueueUrl(edgeId), queue.queueUrl);
      output(outputs.edgePolicyArn(edgeId), policy.managedPolicyArn);
    }
  }
}
