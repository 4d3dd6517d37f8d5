import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  RecordLifecycleActionHeartbeatCommand,
  SetInstanceProtectionCommand,
} from '@aws-sdk/client-auto-scaling';
import { AttachNetworkInterfaceCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Attachments, Lifecycle, Secrets } from '../ports.ts';

interface Place {
  readonly region: string;
}

/** Behind the interface that the machine was started with. */
const DEVICE_INDEX = 1;

export function seatsByEc2({ region }: Place): Attachments {
  const client = new EC2Client({ region, maxAttempts: 5 });
  return {
    async attach(eni, instanceId) {
      try {
        await client.send(
          new AttachNetworkInterfaceCommand({
            NetworkInterfaceId: eni,
            InstanceId: instanceId,
            DeviceIndex: DEVICE_INDEX,
          }),
        );
        return true;
      } catch (error) {
        if (error instanceof Error && error.name === 'InvalidNetworkInterface.InUse') return false;
        throw error;
      }
    },
  };
}

export function lifecycleOf(group: string, instanceId: string, { region }: Place): Lifecycle {
  const client = new AutoScalingClient({ region, maxAttempts: 5 });
  const which = (hook: string) => ({
    AutoScalingGroupName: group,
    LifecycleHookName: hook,
    InstanceId: instanceId,
  });
  return {
    async stillBusy(hook) {
      await client.send(new RecordLifecycleActionHeartbeatCommand(which(hook)));
    },
    async done(hook, result) {
      await client.send(
        new CompleteLifecycleActionCommand({ ...which(hook), LifecycleActionResult: result }),
      );
    },
    async protect() {
      await client.send(
        new SetInstanceProtectionCommand({
          AutoScalingGroupName: group,
          InstanceIds: [instanceId],
          ProtectedFromScaleIn: true,
        }),
      );
    },
  };
}

export function secretsManager({ region }: Place): Secrets {
  const client = new SecretsManagerClient({ region });
  return {
    async read(nameOrArn) {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: nameOrArn }));
      if (SecretString) return SecretString;
      throw new Error(`the secret ${nameOrArn} has no text`);
    },
  };
}
