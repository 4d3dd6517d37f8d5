import { Fn } from 'aws-cdk-lib';
import { type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { exportOf, outputs } from '../../lib/outputs.ts';
import { CallPlatform } from './call-platform.ts';

/** Which platform it is: what its settings say. */
export interface PlatformPlace {
  readonly prefix: string;
  readonly encryptionKeyArn?: string | undefined;
}

/** A platform that another stack deployed: everything about it is imported from what that stack exports. */
export class DeployedPlatform extends CallPlatform {
  readonly prefix: string;
  readonly bus: IEventBus;
  readonly callsTable: ITable;

  constructor(scope: Construct, id: string, { prefix, encryptionKeyArn }: PlatformPlace) {
    super(scope, id);
    const imported = (output: string) => Fn.importValue(exportOf(prefix, output));
    this.prefix = prefix;
    this.bus = EventBus.fromEventBusArn(this, 'Bus', imported(outputs.busArn));
    const key =
      encryptionKeyArn === undefined ? {} : { encryptionKey: Key.fromKeyArn(this, 'Key', encryptionKeyArn) };
    this.callsTable = Table.fromTableAttributes(this, 'Calls', {
      tableArn: imported(outputs.callsTableArn),
      ...key,
    });
  }
}
