import { fileURLToPath } from 'node:url';
import { IgnoreMode } from 'aws-cdk-lib';
import { DockerImageAsset, Platform } from 'aws-cdk-lib/aws-ecr-assets';
import { Construct } from 'constructs';

const directory = fileURLToPath(new URL('../..', import.meta.url));

/** Images that `cdk deploy` builds from images/ and puts into the account; synth only names them. */
export class Images extends Construct {
  readonly edge: DockerImageAsset;
  readonly rtpengine: DockerImageAsset;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    const shared = { platform: Platform.LINUX_ARM64, ignoreMode: IgnoreMode.DOCKER };
    this.edge = new DockerImageAsset(this, 'Edge', { ...shared, directory, file: 'images/edge.Dockerfile' });
    this.rtpengine = new DockerImageAsset(this, 'Rtpengine', {
      ...shared,
      directory: `${directory}images/rtpengine`,
    });
  }
}
