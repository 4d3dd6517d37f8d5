import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { sources } from '../../contracts/envelope.ts';
import { asSource } from '../../lib/permissions.ts';

/** A platform as handlers use it: one that this app deploys, or one that is there already. */
export abstract class CallPlatform extends Construct {
  abstract readonly prefix: string;
  abstract readonly bus: IEventBus;
  /** State and events of calls, as `tables` of the package publishes their keys. */
  abstract readonly callsTable: ITable;

  /** Commands, and nothing else, may be put on the bus: nobody speaks in the name of an edge. */
  grantCommands(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ['events:PutEvents'],
      resourceArns: [this.bus.eventBusArn],
      conditions: asSource(sources.client),
    });
  }

  /** The record of one call at a time, by its id; with the key that encrypts it, where this app knows of one. */
  grantReadCalls(grantee: IGrantable): Grant {
    const reads = Grant.addToPrincipal({
      grantee,
      actions: ['dynamodb:GetItem'],
      resourceArns: [this.callsTable.tableArn],
    });
    const decrypts = this.callsTable.encryptionKey?.grantDecrypt(grantee);
    return decrypts ? reads.combine(decrypts) : reads;
  }
}
