import type { Need } from '../../local/cloud/iam/statement.ts';

/** Where the stand-in is. */
export const standInPlace = { region: 'local-1', accountId: '000000000000' };
const at = `${standInPlace.region}:${standInPlace.accountId}`;

/**
 * What a machine must be allowed for a request of its program: of Secrets Manager by the id of a secret, of EC2 and auto scaling
 * by the form that they are sent (Service Authorization Reference, the tables of actions of each).
 */
export function needsOf(
  asked: string | URLSearchParams,
  tags: ReadonlyMap<string, Readonly<Record<string, string>>>,
): readonly Need[] {
  if (typeof asked === 'string')
    return [{ action: 'secretsmanager:GetSecretValue', resource: arnOfSecret(asked) }];
  const action = asked.get('Action');
  if (action !== 'AttachNetworkInterface') {
    const group = asked.get('AutoScalingGroupName');
    const resource = `arn:aws:autoscaling:${at}:autoScalingGroup:0a1b2c3d:autoScalingGroupName/${group}`;
    return [{ action: `autoscaling:${action}`, resource }];
  }
  const machine = asked.get('InstanceId') ?? '';
  const ownTags = Object.entries(tags.get(machine) ?? {});
  const context = Object.fromEntries(ownTags.map(([key, value]) => [`ec2:ResourceTag/${key}`, [value]]));
  return [
    {
      action: `ec2:${action}`,
      resource: `arn:aws:ec2:${at}:network-interface/${asked.get('NetworkInterfaceId')}`,
    },
    { action: `ec2:${action}`, resource: `arn:aws:ec2:${at}:instance/${machine}`, context },
  ];
}

const arnOfSecret = (nameOrArn: string) =>
  nameOrArn.startsWith('arn:') ? nameOrArn : `arn:aws:secretsmanager:${at}:secret:${nameOrArn}-a1B2c3`;
