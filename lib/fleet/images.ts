import { fileURLToPath } from 'node:url';
import { IgnoreMode } from 'aws-cdk-lib';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { Construct } from 'constructs';
import type { FleetSettings } from './fleet-settings.ts';
import { machineImageFolder } from './machine-image-folder.ts';

const directory = fileURLToPath(new URL('../..', import.meta.url));

/** Images that `cdk deploy` builds from images/ and puts into the account's own registry; synth only names them. */
export class Images extends Construct {
  readonly edge: DockerImageAsset;
  readonly rtpengine: DockerImageAsset;
  /** For the program of machine/, apart from the edge: a change of the edge must not replace rtpengines. */
  readonly machine: DockerImageAsset;
  readonly sipServer: DockerImageAsset;
  /** Where there are gateways. */
  readonly gateway: DockerImageAsset | undefined;

  constructor(scope: Construct, id: string, { sipServerImage, gateways }: FleetSettings) {
    super(scope, id);
    const shared = { platform: Platform.LINUX_ARM64, ignoreMode: IgnoreMode.DOCKER };
    this.edge = new DockerImageAsset(this, 'Edge', { ...shared, directory, file: 'images/edge.Dockerfile' });
    this.rtpengine = new DockerImageAsset(this, 'Rtpengine', {
      ...shared,
      directory: `${directory}images/rtpengine`,
    });
    using folder = machineImageFolder(directory);
    this.machine = new DockerImageAsset(this, 'Machine', { ...shared, directory: folder.path });
    this.sipServer = new DockerImageAsset(this, 'SipServer', {
      ...shared,
      directory: `${directory}images/sip-server`,
      buildArgs: { SIP_SERVER: sipServerImage },
    });
    if (gateways) {
      const file = 'images/gateway.Dockerfile';
      this.gateway = new DockerImageAsset(this, 'Gateway', { ...shared, directory, file });
    }
  }
}
