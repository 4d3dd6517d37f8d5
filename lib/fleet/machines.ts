import { type CfnResource, Duration, Lazy, Stack, Tags, Validations } from 'aws-cdk-lib';
import {
  AutoScalingGroup,
  BlockDeviceVolume,
  CfnAutoScalingGroup,
  EbsDeviceVolumeType,
  GroupMetrics,
  Signals,
  UpdatePolicy,
} from 'aws-cdk-lib/aws-autoscaling';
import {
  type IMachineImage,
  InstanceType,
  type ISubnet,
  type IVpc,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  MachineImage,
  OperatingSystemType,
  type SecurityGroup,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Construct, type IDependable } from 'constructs';
import { kindTag } from './machine-role.ts';
import { inServiceUnit } from './units.ts';
import { type FirstBoot, userData } from './user-data.ts';

export interface MachinesProps {
  /** Name of the auto-scaling group. */
  readonly group: string;
  /** By which the role knows its machines. */
  readonly kind: string;
  readonly vpc: IVpc;
  readonly subnets: readonly ISubnet[];
  readonly securityGroup: SecurityGroup;
  readonly role: Role;
  readonly type: string;
  /** Id of an AMI; Amazon Linux as it is at the deploy without it. */
  readonly image: string | undefined;
  readonly min: number;
  /** As many as there are seats. */
  readonly max: number;
  readonly drainSeconds: number;
  readonly plan: object;
  readonly units: Readonly<Record<string, string>>;
  readonly registry: string;
  readonly prompts?: FirstBoot['prompts'];
  /** Made and changed before these machines are, and taken away after them. */
  readonly after: readonly IDependable[];
}

/** For a machine to boot, take its seat and be ready, once the seat is free, s. */
const STARTING_SECONDS = 600;

export const hooks = { launch: 'ready-for-calls', terminate: 'calls-have-ended' } as const;

/** An auto-scaling group whose machines take seats. A machine is replaced once its calls have ended, one at a time. */
export class Machines extends Construct {
  readonly autoScaling: AutoScalingGroup;

  constructor(scope: Construct, id: string, props: MachinesProps) {
    super(scope, id);
    const { min, max, drainSeconds, group } = props;
    const patience = Duration.seconds(drainSeconds + STARTING_SECONDS);
    this.autoScaling = new AutoScalingGroup(this, 'Group', {
      autoScalingGroupName: group,
      groupMetrics: [GroupMetrics.all()],
      vpc: props.vpc,
      vpcSubnets: { subnets: [...props.subnets] },
      launchTemplate: this.template(props),
      minCapacity: min,
      maxCapacity: max,
      // The new machine waits for the seat of the old one, which waits for its calls.
      signals: Signals.waitForMinCapacity({ timeout: Duration.seconds(STARTING_SECONDS + 300) }),
      updatePolicy: UpdatePolicy.rollingUpdate({
        maxBatchSize: 1,
        minInstancesInService: Math.min(max - 1, Math.max(1, min - 1)),
        pauseTime: patience,
        waitOnResourceSignals: true,
      }),
    });
    this.autoScaling.node.addDependency(props.role, ...props.after);
    Tags.of(this.autoScaling).add(kindTag, props.kind);
    this.addHooks(patience);
    Validations.of(this.autoScaling).acknowledge({
      id: 'AwsSolutions-AS3',
      reason: 'The start and the end of every edge is an event on the bus of the platform.',
    });
  }

  /** In the group itself: a hook of its own would come after the first machines. */
  private addHooks(patience: Duration): void {
    const group = this.autoScaling.node.defaultChild;
    if (!(group instanceof CfnAutoScalingGroup)) throw new Error('an AutoScalingGroup holds a group');
    const heartbeatTimeout = STARTING_SECONDS;
    group.lifecycleHookSpecificationList = [
      {
        lifecycleHookName: hooks.launch,
        lifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
        heartbeatTimeout,
        defaultResult: 'ABANDON',
      },
      {
        lifecycleHookName: hooks.terminate,
        lifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        heartbeatTimeout: Math.min(heartbeatTimeout, patience.toSeconds()),
        defaultResult: 'CONTINUE',
      },
    ];
  }

  private template(props: MachinesProps): LaunchTemplate {
    const stack = Stack.of(this);
    const group = Lazy.string({
      produce: () =>
        stack.getLogicalId(this.autoScaling.node.defaultChild as CfnResource as CfnAutoScalingGroup),
    });
    const template = new LaunchTemplate(this, 'Template', {
      machineImage: machineImage(props.image),
      instanceType: new InstanceType(props.type),
      role: props.role,
      securityGroup: props.securityGroup,
      associatePublicIpAddress: true,
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      // Containers are on the machine's own network: nothing that is further away has business there.
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: false,
      detailedMonitoring: true,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(30, { encrypted: true, volumeType: EbsDeviceVolumeType.GP3 }),
        },
      ],
      userData: userData({
        plan: stack.toJsonString(props.plan),
        registry: props.registry,
        prompts: props.prompts,
        units: {
          ...props.units,
          'trunkline-in-service.service': inServiceUnit(stack.stackName, group, stack.region),
        },
      }),
    });
    return template;
  }
}

const machineImage = (imageId: string | undefined): IMachineImage => {
  const os = OperatingSystemType.LINUX;
  return imageId === undefined
    ? MachineImage.fromSsmParameter(AMAZON_LINUX_ARM, { os })
    : { getImage: () => ({ imageId, osType: os, userData: UserData.forLinux() }) };
};

/** CloudFormation looks it up at each deploy: machines of one deploy are alike. */
const AMAZON_LINUX_ARM = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64';
