import type { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { tables } from '../contracts/tables.ts';

const text = (name: string) => ({ name, type: AttributeType.STRING });

/** Calls, routing configuration, the fleet and who is registered with it; keys as contracts/tables.ts publishes them. On demand, backed up, encrypted. */
export class Tables extends Construct {
  readonly calls: Table;
  readonly config: Table;
  readonly fleet: Table;
  readonly registrations: Table;

  constructor(scope: Construct, id: string, removalPolicy: RemovalPolicy, key: IKey | undefined) {
    super(scope, id);
    const shared = {
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...(key
        ? { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: key }
        : { encryption: TableEncryption.DEFAULT }),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy,
    };
    this.calls = new Table(this, 'Calls', {
      ...shared,
      partitionKey: text(tables.calls.partitionKey),
      sortKey: text(tables.calls.sortKey),
      timeToLiveAttribute: tables.calls.ttl,
    });
    for (const index of callIndexes) this.calls.addGlobalSecondaryIndex(index);
    this.config = new Table(this, 'Config', {
      ...shared,
      partitionKey: text(tables.config.partitionKey),
      sortKey: text(tables.config.sortKey),
    });
    this.fleet = new Table(this, 'Fleet', {
      ...shared,
      partitionKey: text(tables.fleet.partitionKey),
      timeToLiveAttribute: tables.fleet.ttl,
    });
    this.registrations = new Table(this, 'Registrations', {
      ...shared,
      partitionKey: text(tables.registrations.partitionKey),
      sortKey: text(tables.registrations.sortKey),
      timeToLiveAttribute: tables.registrations.ttl,
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
