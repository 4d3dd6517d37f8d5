import { Fn } from 'aws-cdk-lib';
import { type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { exportOf, outputs } from '../../lib/outputs.ts';
import { CallPlatform } from './call-platform.ts';

/** A platform that another stack deployed: everything about it is imported from what that stack exports. */
export class DeployedPlatform extends CallPlatform {
  readonly prefix: string;
  readonly bus: IEventBus;
  readonly callsTable: ITable;

  constructor(scope: Construct, id: string, prefix: string) {
    super(scope, id);
    const imported = (output: string) => Fn.importValue(exportOf(prefix, output));
    this.prefix = prefix;
    this.bus = EventBus.fromEventBusArn(this, 'Bus', imported(outputs.busArn));
    this.callsTable = Table.fromTableArn(this, 'Calls', imported(outputs.callsTableArn));
  }
}
