import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { EventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { careOf } from './care.ts';
import { Edges } from './edges.ts';
import { TrunklineBus } from './event-bus.ts';
import { groupsOf } from './fleet/group-names.ts';
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

export interface ControlPlane {
  readonly bus: EventBus;
  readonly calls: Table;
  readonly edges: Edges['edges'];
  /** By which an edge finds the platform. */
  readonly names: PlatformNames;
}

/**
 * Everything of one platform in one region but the machines that carry calls, as children of `scope`: a stack of ours or a
 * construct in somebody else's.
 */
export function controlPlane(scope: Construct, settings: Settings): ControlPlane {
  const removalPolicy = settings.removal === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
  const edgeQueuePrefix = `${settings.prefix}-to-`;
  const care = careOf(scope, settings);
  const { calls, config, fleet, registrations } = new Tables(scope, 'Tables', removalPolicy, care.key);
  const { bus } = new TrunklineBus(scope, 'Events', {
    name: settings.prefix,
    archiveDays: settings.archiveDays,
    removalPolicy,
    key: care.key,
  });
  const { edges: ids, secretPrefix } = settings;
  const shared = { bus, config, fleet, registrations, care };
  const { edges } = new Edges(scope, 'Edges', { ids, edgeQueuePrefix, secretPrefix, ...shared });
  const edgeQueues = edges.map(({ queue }) => queue);
  const platform: Platform = { bus, calls, config, fleet, edgeQueues, edgeQueuePrefix, settings, care };
  const tables = { calls, config, fleet, registrations };
  watch(scope, platform, { handlers: handlersOf(scope, platform), edges, tables });
  const { region, urlSuffix, account } = Stack.of(scope);
  const names = {
    bus: bus.eventBusName,
    queues: `https://sqs.${region}.${urlSuffix}/${account}/${edgeQueuePrefix}`,
    configTable: config.tableName,
    fleetTable: fleet.tableName,
    registrationsTable: registrations.tableName,
  };
  const made = { bus, calls, edges, names };
  tell(scope, settings, made);
  return made;
}

const handlersOf = (scope: Construct, platform: Platform) =>
  [decideRoute, projectCall, acceptCommand, collectDtmf, codecPolicy, reapCalls].map((build) =>
    build(scope, platform),
  );

interface Parts {
  readonly handlers: ReturnType<typeof handlersOf>;
  readonly edges: Edges['edges'];
  readonly tables: Pick<Tables, 'calls' | 'config' | 'fleet' | 'registrations'>;
}

function watch(scope: Construct, { care, settings }: Platform, { handlers, edges, tables }: Parts): void {
  new Watching(scope, 'Watching', {
    ...{ care, settings },
    watched: {
      prefix: settings.prefix,
      fleet: new FleetMetrics(settings.prefix),
      edgeIds: settings.edges,
      machineGroups: groupsOf(settings),
      functions: Object.fromEntries(handlers.map(({ name, lambda }) => [name, lambda])),
      deadLetters: Object.fromEntries(handlers.map(({ name, deadLetters }) => [name, deadLetters])),
      undelivered: Object.fromEntries(edges.map(({ edgeId, undelivered }) => [edgeId, undelivered])),
      edgeQueues: Object.fromEntries(edges.map(({ edgeId, queue }) => [edgeId, queue])),
      tables,
    },
  });
}

function tell(
  scope: Construct,
  { prefix, secretPrefix }: Settings,
  { bus, calls, names, edges }: ControlPlane,
): void {
  const output = (name: string, value: string) =>
    new CfnOutput(scope, name, { value, exportName: exportOf(prefix, name) });
  output(outputs.busName, names.bus);
  output(outputs.busArn, bus.eventBusArn);
  output(outputs.callsTableArn, calls.tableArn);
  output(outputs.callsTable, calls.tableName);
  output(outputs.configTable, names.configTable);
  output(outputs.fleetTable, names.fleetTable);
  output(outputs.registrationsTable, names.registrationsTable);
  output(outputs.secretPrefix, secretPrefix);
  for (const { edgeId, queue, policy } of edges) {
    output(outputs.edgeQueueUrl(edgeId), queue.queueUrl);
    output(outputs.edgePolicyArn(edgeId), policy.managedPolicyArn);
  }
}
