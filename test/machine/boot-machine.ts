import { lifecycleOf, seatsByEc2, secretsManager } from '../../machine/adapters/aws.ts';
import { instanceMetadata } from '../../machine/adapters/metadata.ts';
import { type MachineParts, runMachine } from '../../machine/run-machine.ts';
import type { AwsStandIn } from './aws-stand-in.ts';

export interface Booted extends Pick<MachineParts, 'plan' | 'folder' | 'worker' | 'hasAddress' | 'logger'> {
  readonly aws: AwsStandIn;
  readonly id: string;
}

/** The program of a machine with its real adapters, on the stand-in of AWS. Resolves when the machine may be ended. */
export async function bootMachine({ aws, id, ...parts }: Booted): Promise<void> {
  const { plan } = parts;
  const metadata = instanceMetadata(aws.metadataUrl(id));
  await runMachine({
    ...{ ...parts, metadata, instance: await metadata.instance(), everyMs: 5 },
    attachments: seatsByEc2(plan),
    lifecycle: lifecycleOf(plan.group, id, plan),
    secrets: secretsManager(plan),
    tell: () => {},
  });
}
