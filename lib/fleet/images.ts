import { fileURLToPath } from 'node:url';
import { IgnoreMode } from 'aws-cdk-lib';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { Construct } from 'constructs';
import { machineImageFolder } from './machine-image-folder.ts';

const directory = fileURLToPath(new URL('../..', import.meta.url));

/** Images that `cdk deploy` builds from images/ and puts into the account; synth only names them. */
export class Images extends Construct {
  readonly edge: DockerImageAsset;
  readonly rtpengine: DockerImageAsset;
  /** For the program of machine/, apart from the edge: a change of the edge must not replace rtpengines. */
  readonly machine: DockerImageAsset;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const shared = { platform: Platform.LINUX_ARM64, ignoreMode: IgnoreMode.DOCKER };
    this.edge = new DockerImageAsset(this, 'Edge', { ...shared, directory, file: 'images/edge.Dockerfile' });
    this.rtpengine = new DockerImageAsset(this, 'Rtpengine', {
      ...shared,
      directory: `${directory}images/rtpengine`,
    });
    using folder = machineImageFolder(directory);
    this.machine = new DockerImageAsset(this, 'Machine', { ...shared, directory: folder.path });
  }
}
