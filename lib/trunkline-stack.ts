import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type ControlPlane, controlPlane } from './control-plane.ts';
import type { Settings } from './settings.ts';

export interface TrunklineProps extends StackProps {
  readonly settings: Settings;
}

/** The control plane of one platform in one region. */
export class TrunklineStack extends Stack {
  readonly edges: ControlPlane['edges'];
  readonly names: ControlPlane['names'];

  constructor(scope: Construct, id: string, { settings, ...props }: TrunklineProps) {
    super(scope, id, props);
    const { edges, names } = controlPlane(this, settings);
    [this.edges, this.names] = [edges, names];
  }
}
