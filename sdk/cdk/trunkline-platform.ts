import { Fn } from 'aws-cdk-lib';
import { type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { sources } from '../../contracts/envelope.ts';
import { exportOf, outputs } from '../../lib/outputs.ts';
import { asSource } from '../../lib/permissions.ts';

/**
 * A platform that is deployed in the same account and region. A stack that uses it is refused at deployment where there is
 * none, and the platform's stack cannot be deleted while somebody uses it.
 */
export class TrunklinePlatform extends Construct {
  readonly prefix: string;
  readonly bus: IEventBus;
  /** State and events of calls, as `tables` of the package publishes their keys. */
  readonly callsTable: ITable;

  private constructor(scope: Construct, id: string, prefix: string) {
    super(scope, id);
    const imported = (output: string) => Fn.importValue(exportOf(prefix, output));
    this.prefix = prefix;
    this.bus = EventBus.fromEventBusArn(this, 'Bus', imported(outputs.busArn));
    this.callsTable = Table.fromTableArn(this, 'Calls', imported(outputs.callsTableArn));
  }

  /** `prefix` is that of the platform's settings. */
  static fromPrefix(scope: Construct, id: string, prefix = 'trunkline'): TrunklinePlatform {
    return new TrunklinePlatform(scope, id, prefix);
  }

  /** Commands, and nothing else, may be put on the bus: nobody speaks in the name of an edge. */
  grantCommands(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ['events:PutEvents'],
      resourceArns: [this.bus.eventBusArn],
      conditions: asSource(sources.client),
    });
  }

  /** The record of one call at a time, by its id. */
  grantReadCalls(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:GetItem'],
      resourceArns: [this.callsTable.tableArn],
    });
  }
}
