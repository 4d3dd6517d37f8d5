import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { FleetMetrics } from './metrics.ts';

/** The parts of a platform that are watched, each under the name by which people know it. */
export interface Watched {
  readonly prefix: string;
  readonly fleet: FleetMetrics;
  readonly edgeIds: readonly string[];
  /** Names of the auto-scaling groups of its machines. */
  readonly machineGroups: readonly string[];
  readonly functions: Readonly<Record<string, IFunction>>;
  readonly deadLetters: Readonly<Record<string, IQueue>>;
  /** By edge: decisions and commands that it took and could not handle. */
  readonly undelivered: Readonly<Record<string, IQueue>>;
  readonly edgeQueues: Readonly<Record<string, IQueue>>;
  readonly tables: Readonly<Record<string, Table>>;
}
