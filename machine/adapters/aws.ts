import {
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  RecordLifecycleActionHeartbeatCommand,
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
      const action = { ...which(hook), LifecycleActionResult: result };
      try {
        await client.send(new CompleteLifecycleActionCommand(action));
      } catch (error) {
        if (!isNotWaiting(error)) throw error;
      }
    },
  };
}

/** What the group says of an action that was completed before, or whose time is over. */
const isNotWaiting = (error: unknown): boolean =>
  error instanceof Error &&
  error.name === 'ValidationError' &&
  /no active lifecycle action/i.test(error.message);

export function secretsManager({ region }: Place): Secrets {
  const client = new SecretsManagerClient({ region });
  return {
    async read(nameOrArn) {
      const asked = client.send(new GetSecretValueCommand({ SecretId: nameOrArn }));
      const { SecretString } = await asked.catch((cause: unknown) => {
        throw new Error(whyUnread(nameOrArn, cause), { cause });
      });
      if (SecretString) return SecretString;
      throw new Error(`the secret ${nameOrArn} has no text`);
    },
  };
}

function whyUnread(name: string, cause: unknown): string {
  if (cause instanceof Error && cause.name === 'ResourceNotFoundException')
    return `the secret ${name} does not exist: aws secretsmanager create-secret --name ${name} --secret-string ...`;
  return `the secret ${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
}
