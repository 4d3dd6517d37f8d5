import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import type { DockerImageAsset } from 'aws-cdk-lib/aws-ecr-assets';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { InnerSeat } from '../../contracts/machine-plan.ts';
import { allow } from '../permissions.ts';

export interface MachineRoleProps {
  /** What the machines are tagged with that have this role. */
  readonly kind: string;
  /** Names of their auto-scaling groups. */
  readonly groups: readonly string[];
  readonly seats: readonly InnerSeat[];
  readonly images: readonly DockerImageAsset[];
  readonly logGroup: LogGroup;
  readonly may: readonly PolicyStatement[];
}

/** Marks machines of a kind: a machine may attach seats to such machines alone. */
export const kindTag = 'trunkline:kind';

/** What a machine may do before it is an edge or an rtpengine: take a seat, say how it is, be reached by Session Manager. */
export function machineRole(scope: Construct, id: string, props: MachineRoleProps): Role {
  const role = new Role(scope, id, { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  for (const image of props.images) image.repository.grantPull(role);
  for (const statement of [...statementsOf(scope, props), ...sessionManager, ...props.may]) {
    role.addToPolicy(statement);
  }
  Validations.of(role).acknowledge(
    {
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Session Manager and the log-in to the registry of images know no resource to name.',
    },
    {
      id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*]',
      reason: 'Machines come and go; the condition names the kind that they must be of.',
    },
    ...props.groups.map((group) => ({
      id: `AwsSolutions-IAM5[Resource::${groupArn(scope, group, '<AWS::Partition>:autoscaling:<AWS::Region>:<AWS::AccountId>')}]`,
      reason: 'AWS chooses an id in the middle of the name of a group.',
    })),
  );
  return role;
}

const groupArn = (scope: Construct, group: string, place?: string): string =>
  place === undefined
    ? Stack.of(scope).formatArn({
        service: 'autoscaling',
        resource: 'autoScalingGroup',
        resourceName: `*:autoScalingGroupName/${group}`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      })
    : `arn:${place}:autoScalingGroup:*:autoScalingGroupName/${group}`;

function statementsOf(
  scope: Construct,
  { kind, groups, seats, logGroup }: MachineRoleProps,
): PolicyStatement[] {
  const ec2 = (resource: string, resourceName: string) =>
    Stack.of(scope).formatArn({ service: 'ec2', resource, resourceName });
  const attach = allow(['ec2:AttachNetworkInterface'], ec2('network-interface', seats[0]?.eni ?? ''));
  attach.addResources(...seats.slice(1).map(({ eni }) => ec2('network-interface', eni)));
  const lifecycle = allow(
    ['autoscaling:CompleteLifecycleAction', 'autoscaling:RecordLifecycleActionHeartbeat'],
    groupArn(scope, groups[0] ?? ''),
  );
  lifecycle.addResources(...groups.slice(1).map((group) => groupArn(scope, group)));
  return [
    attach,
    allow(['ec2:AttachNetworkInterface'], ec2('instance', '*'), {
      StringEquals: { [`ec2:ResourceTag/${kindTag}`]: [kind] },
    }),
    lifecycle,
    allow(['logs:CreateLogStream', 'logs:PutLogEvents'], logGroup.logGroupArn),
  ];
}

/** A shell on the machine without an open port and without a key. */
const sessionManager = [
  allow(['ssm:UpdateInstanceInformation'], '*'),
  allow(
    [
      'ssmmessages:CreateControlChannel',
      'ssmmessages:CreateDataChannel',
      'ssmmessages:OpenControlChannel',
      'ssmmessages:OpenDataChannel',
    ],
    '*',
  ),
];
