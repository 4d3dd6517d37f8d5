import { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { controlPlane } from '../../lib/control-plane.ts';
import { readSettings, type SettingsInput } from '../../lib/settings.ts';
import { CallPlatform } from './call-platform.ts';
import { DeployedPlatform } from './deployed-platform.ts';

/** What a deployment may choose, as in `cdk.context.json` of the project; every setting has a default. */
export type TrunklineSettings = Omit<SettingsInput, 'fleet'>;

/** What an app that uses a platform must know of its settings: `prefix` is `trunkline` by default, and there is no key. */
export type DeployedSettings = Pick<TrunklineSettings, 'prefix' | 'encryptionKeyArn'>;

/** What the machine of an edge is given. */
export interface EdgeAccess {
  readonly edgeId: string;
  /** Decisions and commands for this edge. */
  readonly queue: IQueue;
  /** Attach it to the role of the machine: it allows what an edge does, and no more. */
  readonly policy: IManagedPolicy;
}

/**
 * The control plane of a platform, deployed by this app: bus, tables, functions, queues of the edges, dashboards and alarms.
 * Its functions come made with this package: nothing is bundled and nothing is fetched. One for each account, region and prefix.
 * @throws Error that names every setting that is wrong.
 */
export class TrunklinePlatform extends CallPlatform {
  readonly prefix: string;
  readonly bus: IEventBus;
  readonly callsTable: ITable;
  readonly edges: readonly EdgeAccess[];

  constructor(scope: Construct, id: string, settings: TrunklineSettings = {}) {
    super(scope, id);
    const read = settingsOf(this.node.path, settings);
    checkPrefix(this, read.prefix);
    const { bus, calls, edges } = controlPlane(this, read);
    this.prefix = read.prefix;
    // CDK's classes and interfaces differ under exactOptionalPropertyTypes.
    this.bus = bus as IEventBus;
    this.callsTable = calls as ITable;
    this.edges = edges;
  }

  /**
   * A platform that is deployed in the same account and region by another stack, with these settings. A stack that uses it is
   * refused at deployment where there is none, and the platform's stack cannot be deleted while somebody uses it. Without the
   * key of a platform that has one, whoever reads its calls may not decrypt them.
   * @throws Error that names every setting that is wrong.
   */
  static fromPrefix(scope: Construct, id: string, of: DeployedSettings = {}): CallPlatform {
    return new DeployedPlatform(scope, id, settingsOf(`${scope.node.path}/${id}`, of));
  }
}

/** CloudFormation would find two of a name only while it deploys. */
function checkPrefix(platform: TrunklinePlatform, prefix: string): void {
  const all = Stack.of(platform).node.findAll();
  const other = all.find((each) => each instanceof TrunklinePlatform && each.prefix === prefix);
  if (other)
    throw new Error(
      `${platform.node.path}: prefix: ${prefix} is that of ${other.node.path}, too; give one of them another`,
    );
}

function settingsOf(path: string, settings: TrunklineSettings) {
  if ('fleet' in settings)
    throw new Error(
      `${path}: fleet: machines are deployed with their images from a copy of the project, as docs/deploy.md says; leave it out here, and use TrunklinePlatform.fromPrefix beside such a platform`,
    );
  try {
    return readSettings(settings);
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}
