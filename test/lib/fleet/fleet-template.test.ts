import { readFileSync } from 'node:fs';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { resources, synthesized } from '../synthesized.ts';

const example = new URL('../../../examples/deploy/cdk.context.json', import.meta.url);
const context = JSON.parse(readFileSync(example, 'utf8'));
const template = synthesized({ context }, 'TrunklineFleet');
const propertiesOf = (type: string) => resources(template, type).map(([, { Properties }]) => Properties);

describe('what reaches the fleet from outside', () => {
  const open = () =>
    [
      ...propertiesOf('AWS::EC2::SecurityGroup').flatMap(
        (group) => (group['SecurityGroupIngress'] ?? []) as object[],
      ),
      ...propertiesOf('AWS::EC2::SecurityGroupIngress'),
    ] as { IpProtocol: string; FromPort: number; ToPort: number; CidrIp?: string }[];

  test('is SIP and RTP from the networks of the settings, and nothing else', () => {
    const said = open()
      .filter(({ CidrIp }) => CidrIp)
      .map(({ CidrIp, IpProtocol, FromPort, ToPort }) => `${CidrIp} ${IpProtocol} ${FromPort}-${ToPort}`);
    expect(said.sort()).toEqual(
      ['198.51.100.0/24', '203.0.113.16/28'].flatMap((cidr) => [
        `${cidr} tcp 5060-5060`,
        `${cidr} tcp 5061-5061`,
        `${cidr} udp 10000-29999`,
        `${cidr} udp 5060-5060`,
      ]),
    );
  });

  test('leaves orders and digits to the two groups between themselves', () => {
    const inside = open().filter(({ CidrIp }) => !CidrIp);
    expect(inside.map(({ IpProtocol, FromPort }) => `${IpProtocol} ${FromPort}`).sort()).toEqual([
      'tcp 22500',
      'udp 22222',
      'udp 22400',
    ]);
  });

  test('is no TLS where no certificate is named', () => {
    const { tlsSecret: _, ...fleet } = context.trunkline.fleet;
    const plain = synthesized({ context: { trunkline: { ...context.trunkline, fleet } } }, 'TrunklineFleet');
    expect(JSON.stringify(plain.toJSON())).not.toMatch(/"FromPort":5061| 5061 /);
  });
});

describe('seats', () => {
  test('every edge and every rtpengine has an interface with a fixed public address', () => {
    template.resourceCountIs('AWS::EC2::NetworkInterface', 6);
    template.resourceCountIs('AWS::EC2::EIP', 6);
    template.resourceCountIs('AWS::EC2::EIPAssociation', 6);
  });

  test('lie in two zones, and those of an edge in one', () => {
    const subnetOf = (name: string) =>
      propertiesOf('AWS::EC2::NetworkInterface').find(
        ({ Description }) => Description === `Trunkline seat ${name}`,
      )?.['SubnetId'];
    expect(subnetOf('Edge1')).not.toEqual(subnetOf('Edge2'));
    expect([subnetOf('Edge1Media1'), subnetOf('Edge1Media2')]).toEqual([
      subnetOf('Edge1'),
      subnetOf('Edge1'),
    ]);
  });

  test('are named to carriers before the first call', () => {
    template.hasOutput('SipAddresses', {});
    template.hasOutput('MediaAddresses', {});
    template.hasOutput('SipName', { Value: 'sip.example.com' });
  });
});

describe('machines', () => {
  test('ask for a token at the metadata service, have no key, an encrypted disk and detailed monitoring', () => {
    const templates = propertiesOf('AWS::EC2::LaunchTemplate').map(
      ({ LaunchTemplateData }) => LaunchTemplateData,
    );
    expect(templates).toHaveLength(2);
    for (const data of templates) {
      expect(data).toMatchObject({
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        Monitoring: { Enabled: true },
        BlockDeviceMappings: [{ Ebs: { Encrypted: true, VolumeType: 'gp3' } }],
      });
      expect(data).not.toHaveProperty('KeyName');
    }
  });

  test('are in a group for edges and one for rtpengines, over two zones, no more of them than seats', () => {
    const groups = propertiesOf('AWS::AutoScaling::AutoScalingGroup').map(
      ({ AutoScalingGroupName, MinSize, MaxSize, VPCZoneIdentifier }) => [
        AutoScalingGroupName,
        MinSize,
        MaxSize,
        (VPCZoneIdentifier as unknown[]).length,
      ],
    );
    expect(groups).toEqual([
      ['trunkline-edges', '2', '2', 2],
      ['trunkline-media', '2', '4', 2],
    ]);
  });

  test('take part once they are ready and leave once their calls have ended: the hooks are there before the first one', () => {
    template.allResourcesProperties('AWS::AutoScaling::AutoScalingGroup', {
      LifecycleHookSpecificationList: [
        Match.objectLike({
          LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING',
          DefaultResult: 'ABANDON',
        }),
        Match.objectLike({
          LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
          DefaultResult: 'CONTINUE',
        }),
      ],
    });
  });

  test('are replaced one at a time, each once the last one has said that it takes calls', () => {
    template.allResources('AWS::AutoScaling::AutoScalingGroup', {
      UpdatePolicy: {
        AutoScalingRollingUpdate: Match.objectLike({
          MaxBatchSize: 1,
          MinInstancesInService: 1,
          WaitOnResourceSignals: true,
          PauseTime: 'PT40M',
        }),
      },
    });
  });

  test('are told names of secrets and never a secret; what they are told fits', () => {
    for (const [, { Properties }] of resources(template, 'AWS::EC2::LaunchTemplate')) {
      const data = JSON.stringify((Properties['LaunchTemplateData'] as Record<string, unknown>)['UserData']);
      expect(data).not.toMatch(/resolve:secretsmanager|SecretString|BEGIN [A-Z ]*PRIVATE KEY/);
      expect(data.length).toBeLessThan(16_384);
    }
  });

  test('scale by calls in progress and by the load of the rtpengines', () => {
    const policies = propertiesOf('AWS::AutoScaling::ScalingPolicy').map(
      (each) => each['TargetTrackingConfiguration'],
    );
    expect(policies).toEqual([
      expect.objectContaining({
        CustomizedMetricSpecification: expect.objectContaining({ MetricName: 'CallsInProgress' }),
      }),
      expect.objectContaining({
        PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
      }),
    ]);
  });
});

describe('permissions', () => {
  const statements = () =>
    propertiesOf('AWS::IAM::Policy').flatMap(
      ({ PolicyDocument }) =>
        (
          PolicyDocument as {
            Statement: { Action: string | string[]; Resource: unknown; Condition?: object }[];
          }
        ).Statement,
    );

  test('no action has a star, and no policy is one of AWS', () => {
    const actions = statements().flatMap(({ Action }) => Action);
    expect(actions).toContain('ec2:AttachNetworkInterface');
    expect(actions.filter((action) => action.includes('*'))).toEqual([]);
    for (const role of propertiesOf('AWS::IAM::Role')) {
      expect(JSON.stringify(role['ManagedPolicyArns'] ?? [])).not.toContain(':aws:policy');
    }
  });

  test('a machine attaches seats of its own group to machines of its own group', () => {
    const attach = statements().filter(({ Action }) => Action === 'ec2:AttachNetworkInterface');
    expect(attach.map(({ Resource }) => [Resource].flat().length)).toEqual([2, 1, 4, 1]);
    expect(attach.map(({ Condition }) => Condition).filter(Boolean)).toEqual([
      { StringEquals: { 'ec2:ResourceTag/trunkline:group': ['trunkline-edges'] } },
      { StringEquals: { 'ec2:ResourceTag/trunkline:group': ['trunkline-media'] } },
    ]);
  });

  test('an edge has a role of its own, which only the machines of edges take on', () => {
    const roles = propertiesOf('AWS::IAM::Role').filter(({ Description }) => Description);
    expect(roles.map(({ Description }) => Description)).toEqual([
      'Trunkline edge edge-1',
      'Trunkline edge edge-2',
    ]);
    for (const { AssumeRolePolicyDocument } of roles) {
      expect(JSON.stringify(AssumeRolePolicyDocument)).toContain('EdgeRole');
    }
  });
});

describe('names', () => {
  test('an edge is found by UDP, TCP and TLS with its priority, for as long as it takes calls', () => {
    const records = propertiesOf('AWS::Route53::RecordSet').filter(({ Type }) => Type === 'SRV');
    expect(records.map(({ Name, ResourceRecords }) => `${Name} ${ResourceRecords}`)).toEqual([
      '_sip._udp.sip.example.com 10 100 5060 edge-1.sip.example.com.',
      '_sip._tcp.sip.example.com 10 100 5060 edge-1.sip.example.com.',
      '_sips._tcp.sip.example.com 10 100 5061 edge-1.sip.example.com.',
      '_sip._udp.sip.example.com 20 100 5060 edge-2.sip.example.com.',
      '_sip._tcp.sip.example.com 20 100 5060 edge-2.sip.example.com.',
      '_sips._tcp.sip.example.com 20 100 5061 edge-2.sip.example.com.',
    ]);
    for (const record of records) expect(record).toMatchObject({ MultiValueAnswer: true, HealthCheckId: {} });
    template.allResourcesProperties('AWS::Route53::HealthCheck', {
      HealthCheckConfig: Match.objectLike({ Type: 'CLOUDWATCH_METRIC' }),
    });
  });

  test('there are none without a hosted zone, and an output says so', () => {
    const { hostedZone: _, ...fleet } = context.trunkline.fleet;
    const unnamed = synthesized(
      { context: { trunkline: { ...context.trunkline, fleet } } },
      'TrunklineFleet',
    );
    unnamed.resourceCountIs('AWS::Route53::RecordSet', 0);
    unnamed.hasOutput('SipName', {
      Value: Match.stringLikeRegexp('^none, since fleet.hostedZone is not set'),
    });
  });
});

test('a network that exists is used as it is', () => {
  const network = {
    vpcId: 'vpc-0123456789abcdef0',
    publicSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  };
  const fleet = { ...context.trunkline.fleet, network };
  const given = synthesized({ context: { trunkline: { ...context.trunkline, fleet } } }, 'TrunklineFleet');
  given.resourceCountIs('AWS::EC2::VPC', 0);
  given.hasResourceProperties('AWS::EC2::NetworkInterface', { SubnetId: 'subnet-0123456789abcdef1' });
});
