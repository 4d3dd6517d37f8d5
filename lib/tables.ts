import type { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, ProjectionType, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { tables } from '../contracts/tables.ts';

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** Calls, routing configuration and the fleet; keys as contracts/tables.ts publishes them. On demand, backed up, encrypted. */
export class Tables extends Construct {
  readonly calls: TableV2;
  readonly config: TableV2;
  readonly fleet: TableV2;

  constructor(scope: Construct, id: string, removalPolicy: RemovalPolicy) {
    super(scope, id);
    const shared = {
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy,
    };
    this.calls = new TableV2(this, 'Calls', {
      ...shared,
      partitionKey: text(tables.calls.partitionKey),
      sortKey: text(tables.calls.sortKey),
      timeToLiveAttribute: tables.calls.ttl,
      globalSecondaryIndexes: callIndexes,
    });
    this.config = new TableV2(this, 'Config', {
      ...shared,
      partitionKey: text(tables.config.partitionKey),
      sortKey: text(tables.config.sortKey),
    });
    this.fleet = new TableV2(this, 'Fleet', {
      ...shared,
      partitionKey: text(tables.fleet.partitionKey),
      timeToLiveAttribute: tables.fleet.ttl,
    });
  }
}

/** They hold what never changes during a call: a change of its state then writes the table and no index. */
const callIndexes = [
  {
    indexName: tables.calls.activeByEdge,
    partitionKey: text('activeEdge'),
    sortKey: text('startedAt'),
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: ['edge'],
  },
  {
    indexName: tables.calls.byNumber,
    partitionKey: text('number'),
    sortKey: text('startedAt'),
    projectionType: ProjectionType.KEYS_ONLY,
  },
];
