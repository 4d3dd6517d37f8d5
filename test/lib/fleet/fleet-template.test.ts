import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { MachinePlan } from '../../../contracts/machine-plan.ts';
import { resources, synthesized } from '../synthesized.ts';
import { toldTo } from './told.ts';

const example = new URL('../../../examples/deploy/cdk.context.json', import.meta.url);
const context = JSON.parse(readFileSync(example, 'utf8'));
const template = synthesized({ context }, 'TrunklineFleet');
const told = (of: Template) => toldTo(of, () => 'a-name-of-the-control-plane-with-its-stack-0A1B2C3D4E5F');
const all = template.toJSON() as { Resources: Record<string, { DependsOn?: string[] }> };
/** The id of the one resource whose id begins so. */
const idOf = (start: string) => Object.keys(all.Resources).find((id) => id.startsWith(start)) ?? start;
const dependenciesOf = (start: string) => all.Resources[idOf(start)]?.DependsOn ?? [];
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
      'tcp 8090',
      'udp 10000',
      'udp 10000',
      'udp 22222',
      'udp 22400',
    ]);
  });

  test('does not reach a gateway: edges alone ask it for sessions, and rtpengines alone send it RTP', () => {
    const rules = resources(template, 'AWS::EC2::SecurityGroupIngress').map(
      ([, { Properties }]) => Properties,
    );
    const group = (value: unknown) => /Access(Edges|Media|Gateways)/.exec(JSON.stringify(value))?.[1];
    const ofGateways = rules
      .map((rule) => ({ to: group(rule['GroupId']), from: group(rule['SourceSecurityGroupId']), rule }))
      .filter(({ to, from }) => to === 'Gateways' || from === 'Gateways');
    expect(ofGateways.map(({ to, from, rule }) => `${from} to ${to} ${rule['FromPort']}`).sort()).toEqual([
      'Edges to Gateways 8090',
      'Gateways to Media 10000',
      'Media to Gateways 10000',
    ]);
    const [own] = propertiesOf('AWS::EC2::SecurityGroup').filter(({ GroupDescription }) =>
      String(GroupDescription).startsWith('Trunkline gateways'),
    );
    expect(own).not.toHaveProperty('SecurityGroupIngress');
  });

  test('is no TLS where no certificate is named', () => {
    const { tlsSecret: _, ...fleet } = context.trunkline.fleet;
    const plain = synthesized({ context: { trunkline: { ...context.trunkline, fleet } } }, 'TrunklineFleet');
    expect(JSON.stringify(plain.toJSON())).not.toMatch(/"FromPort":5061| 5061 /);
  });
});

describe('seats', () => {
  test('every edge and every rtpengine has an interface with a fixed public address, a gateway a private one', () => {
    template.resourceCountIs('AWS::EC2::NetworkInterface', 10);
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
    expect(templates).toHaveLength(4);
    for (const data of templates) {
      expect(data).toMatchObject({
        MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
        Monitoring: { Enabled: true },
        BlockDeviceMappings: [{ Ebs: { Encrypted: true, VolumeType: 'gp3' } }],
      });
      expect(data).not.toHaveProperty('KeyName');
    }
  });

  test('are in a group for edges, one for gateways and one for the rtpengines of each edge, no more of them than seats', () => {
    const groups = propertiesOf('AWS::AutoScaling::AutoScalingGroup').map(
      ({ AutoScalingGroupName, MinSize, MaxSize, VPCZoneIdentifier }) => [
        AutoScalingGroupName,
        MinSize,
        MaxSize,
        (VPCZoneIdentifier as unknown[]).length,
      ],
    );
    expect(groups).toEqual([
      ['trunkline-media-edge-1', '1', '2', 1],
      ['trunkline-media-edge-2', '1', '2', 1],
      ['trunkline-gateways', '2', '4', 2],
      ['trunkline-edges', '2', '2', 2],
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

  test('are replaced group by group: rtpengines and gateways before the edges that need them, no two groups at once', () => {
    const waitsFor = (group: string) => dependenciesOf(group).filter((id) => id.includes('GroupASG'));
    const [first, second] = ['Edge1MediaGroup', 'Edge2MediaGroup'].map(idOf);
    expect(waitsFor('Edge1MediaGroup')).toEqual([]);
    expect(waitsFor('Edge2MediaGroup')).toEqual([first]);
    expect(waitsFor('GatewaysGroup')).toEqual([second]);
    expect(waitsFor('EdgesGroup').sort()).toEqual([first, second, idOf('GatewaysGroup')].sort());
  });

  test('have their way to the internet, addresses, rules and role before they start and until they are gone', () => {
    const needed = [
      'AWS::EC2::Route',
      'AWS::EC2::VPCGatewayAttachment',
      'AWS::EC2::EIPAssociation',
      'AWS::EC2::SecurityGroupIngress',
    ].flatMap((type) => resources(template, type).map(([id]) => id));
    for (const [group, policy] of [
      ['Edge1MediaGroup', 'MediaRoleDefaultPolicy'],
      ['EdgesGroup', 'EdgeRoleDefaultPolicy'],
    ] as const) {
      expect(dependenciesOf(group)).toEqual(expect.arrayContaining([...needed, idOf(policy)]));
    }
    const [gateway] = resources(template, 'AWS::EC2::VPCGatewayAttachment').map(([id]) => id);
    for (const [id] of resources(template, 'AWS::EC2::EIPAssociation')) {
      expect(dependenciesOf(id)).toContain(gateway);
    }
  });

  test('of rtpengines do not change with the program of the edge, nor with what other edges have', () => {
    const [media = '', edge = ''] = ['Edge1MediaTemplate', 'EdgesTemplate'].map(
      (start) => [...told(template)].find(([id]) => id.startsWith(start))?.[1] ?? '',
    );
    const imagesIn = (data: string) =>
      new Set([...data.matchAll(/container-assets-\S+?:([0-9a-f]{64})/g)].map(([, hash]) => hash));
    const both = [...imagesIn(media)].filter((hash) => imagesIn(edge).has(hash));
    expect([imagesIn(media).size, imagesIn(edge).size, both.length]).toEqual([2, 3, 1]);
    expect(media).toContain('"edge":"edge-1"');
    expect(media).not.toContain('edge-2');
  });

  test('are told names of secrets and never a secret', () => {
    expect(told(template).size).toBe(4);
    for (const data of told(template).values()) {
      expect(data).not.toMatch(/resolve:secretsmanager|SecretString|BEGIN [A-Z ]*PRIVATE KEY/);
    }
  });

  test('of rtpengines take seats of one edge alone, so that none goes without while another has two', () => {
    const edges = ['edge-1', 'edge-2', 'edge-3', 'edge-4'];
    const trunkline = { ...context.trunkline, edges };
    const four = synthesized({ context: { trunkline } }, 'TrunklineFleet');
    const plans = [...told(four).values()]
      .map((data) => MachinePlan.parse(JSON.parse(/^\{.*\}$/m.exec(data)?.[0] ?? '')))
      .filter(({ role }) => role === 'media');
    expect(
      plans.map(({ group, seats }) => [group, ...seats.map(({ edge, zone }) => `${edge} ${zone}`)]),
    ).toEqual(
      edges.map((edge, at) => {
        const seat = `${edge} ${context.trunkline.fleet.zones[at % 2]}`;
        return [`trunkline-media-${edge}`, seat, seat];
      }),
    );
    const sizes = resources(four, 'AWS::AutoScaling::AutoScalingGroup').map(
      ([, { Properties }]) => Properties,
    );
    const media = sizes.filter(({ AutoScalingGroupName: name }) => String(name).includes('media'));
    expect(media.map(({ MinSize, MaxSize }) => [MinSize, MaxSize])).toEqual(Array(4).fill(['1', '2']));
  });

  test('as many as a stack may have, with long names, are told no more than fits, and make no more than a stack holds', () => {
    const edges = Array.from({ length: 24 }, (_, at) => `edge-${at + 1}`.padEnd(31, 'x'));
    const fleet = {
      ...context.trunkline.fleet,
      mediaPerEdge: 1,
      minEdges: 24,
      gateways: { max: 16 },
      preferences: {},
    };
    const trunkline = { ...context.trunkline, prefix: 'p'.repeat(31), edges, fleet };
    const largest = synthesized({ context: { trunkline } }, 'TrunklineFleet');
    // EC2 takes 16 KB before they are encoded; some room is for what a version to come adds.
    for (const data of told(largest).values()) expect(data.length).toBeLessThan(15_800);
    const { Resources } = largest.toJSON() as { Resources: object };
    expect(Object.keys(Resources).length).toBeLessThan(500);
    expect(JSON.stringify(largest.toJSON()).length).toBeLessThan(1_000_000);
  });

  test('scale by calls in progress, by sessions of agents and by the load of the rtpengines', () => {
    const policies = propertiesOf('AWS::AutoScaling::ScalingPolicy').map(
      (each) => each['TargetTrackingConfiguration'],
    );
    const cpu = expect.objectContaining({
      PredefinedMetricSpecification: { PredefinedMetricType: 'ASGAverageCPUUtilization' },
    });
    expect(policies).toEqual([
      cpu,
      cpu,
      expect.objectContaining({
        CustomizedMetricSpecification: {
          ...{ Namespace: 'Trunkline', MetricName: 'AgentSessions', Statistic: 'Average' },
          Dimensions: [{ Name: 'Fleet', Value: 'trunkline' }],
        },
        TargetValue: 100,
      }),
      expect.objectContaining({
        CustomizedMetricSpecification: expect.objectContaining({ MetricName: 'CallsInProgress' }),
      }),
    ]);
  });
});

const withFleet = (more: object) => {
  const fleet = { ...context.trunkline.fleet, ...more };
  return synthesized({ context: { trunkline: { ...context.trunkline, fleet } } }, 'TrunklineFleet');
};
/** What machines are given at their start, by the name of their group. */
const userDataOf = (of: typeof template) =>
  Object.fromEntries(
    resources(of, 'AWS::EC2::LaunchTemplate').map(([id, { Properties }]) => [
      /^Edges|^Gateways|Media/.exec(id)?.[0] ?? id,
      JSON.stringify((Properties['LaunchTemplateData'] as Record<string, unknown>)['UserData']),
    ]),
  );

describe('gateways of agents', () => {
  const { Edges = '', Media = '', Gateways = '' } = userDataOf(template);

  test('are named to every edge by the private addresses of their seats, whether one runs there or not', () => {
    const [named = ''] = /TRUNKLINE_GATEWAYS.*?DRACHTIO|TRUNKLINE_GATEWAYS.*?byEdge/.exec(Edges) ?? [];
    expect(named.match(/http:\/\//g)).toHaveLength(4);
    expect(named.match(/SeatsGateway\d+Interface/g)).toHaveLength(4);
    expect(named.match(/:8090/g)).toHaveLength(4);
    expect(Media).not.toContain('TRUNKLINE_GATEWAYS');
  });

  test('are drained by SIGTERM, and get as long as calls may take', () => {
    expect(Gateways).toContain('ExecStart=/usr/bin/systemctl stop trunkline-gateway.service');
    expect(Gateways).toContain('docker stop --time 1830 trunkline-gateway');
    expect(Gateways).toMatch(/GATEWAY_DRAIN_SECONDS\W+1780/);
  });

  test('share a token with edges that nobody has written down', () => {
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      Description: Match.stringLikeRegexp('gateways of agents'),
      GenerateSecretString: { PasswordLength: 40 },
    });
    for (const data of [Edges, Gateways]) expect(data).toMatch(/"Ref":"SecretsGatewayToken[0-9A-F]+"/);
    expect(Media).not.toContain('GatewayToken');
  });

  test('are not there where nobody asks for them, and then edges know none', () => {
    const without = withFleet({ gateways: undefined });
    without.resourceCountIs('AWS::AutoScaling::AutoScalingGroup', 3);
    without.resourceCountIs('AWS::EC2::NetworkInterface', 6);
    expect(JSON.stringify(without.toJSON())).not.toMatch(
      /gateways of agents|TRUNKLINE_GATEWAYS|GatewayToken/,
    );
  });

  test('call agents in private networks where the settings let them', () => {
    const open = userDataOf(withFleet({ gateways: { max: 2, privateAgents: true } }));
    expect(
      [Gateways, open['Gateways']].map((data) => /GATEWAY_PRIVATE_AGENTS\W+(\w+)/.exec(data ?? '')?.[1]),
    ).toEqual(['refuse', 'allow']);
  });
});

test('machines boot from the image that is named, or from the newest of Amazon Linux', () => {
  const imagesOf = (of: typeof template) =>
    resources(of, 'AWS::EC2::LaunchTemplate').map(
      ([, { Properties }]) => (Properties['LaunchTemplateData'] as Record<string, unknown>)['ImageId'],
    );
  expect(new Set(imagesOf(withFleet({ machineImage: 'ami-0123456789abcdef0' })))).toEqual(
    new Set(['ami-0123456789abcdef0']),
  );
  expect(JSON.stringify(imagesOf(template)[0])).toMatch(/"Ref":"SsmParameterValue\w+/);
});

test('recordings reach the machines of edges and of rtpengines under one path, and those may read no more than them', () => {
  const promptsDir = fileURLToPath(new URL('../../../examples/ivr/prompts', import.meta.url));
  const spoken = withFleet({ promptsDir });
  const { Edges = '', Media = '', Gateways = '' } = userDataOf(spoken);
  const folder = '/var/lib/trunkline-prompts';
  for (const data of [Edges, Media]) {
    expect(data).toMatch(/aws s3 cp --only-show-errors s3:\/\/.*\.zip.* \/root\/prompts\.zip/);
    expect(data).toContain(`unzip -q -o /root/prompts.zip -d ${folder}`);
    expect(data).toContain(` -v ${folder}:${folder}:ro `);
  }
  expect(Edges).toMatch(new RegExp(`TRUNKLINE_PROMPTS_DIR\\W+${folder}`));
  expect(Gateways).not.toContain('prompts');
  const reads = resources(spoken, 'AWS::IAM::Policy')
    .map(([id, { Properties }]) => [id.replace(/DefaultPolicy.*/, ''), JSON.stringify(Properties)] as const)
    .filter(([, text]) => text.includes('s3:'));
  expect(reads.map(([id]) => id).sort()).toEqual(['EdgeRole', 'MediaRole']);
  for (const [, text] of reads) expect(text.match(/"s3:\w+"/g)).toEqual(['"s3:GetObject"']);
  expect(JSON.stringify(template.toJSON())).not.toMatch(
    /TRUNKLINE_PROMPTS_DIR|s3:GetObject|trunkline-prompts/,
  );
});

test('no boot pulls an image from anybody else than the registry of the account', () => {
  for (const data of Object.values(userDataOf(template))) {
    expect(data).not.toContain('drachtio/drachtio-server');
    expect(data).toMatch(/docker run [^"]*--name trunkline-machine/);
  }
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

  test('a machine attaches seats of its own kind to machines of its own kind', () => {
    const attach = statements().filter(({ Action }) => Action === 'ec2:AttachNetworkInterface');
    expect(attach.map(({ Resource }) => [Resource].flat().length)).toEqual([4, 1, 4, 1, 2, 1]);
    expect(attach.map(({ Condition }) => Condition).filter(Boolean)).toEqual([
      { StringEquals: { 'ec2:ResourceTag/trunkline:kind': ['trunkline-media'] } },
      { StringEquals: { 'ec2:ResourceTag/trunkline:kind': ['trunkline-gateways'] } },
      { StringEquals: { 'ec2:ResourceTag/trunkline:kind': ['trunkline-edges'] } },
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
      HealthCheckConfig: Match.objectLike({
        Type: 'CLOUDWATCH_METRIC',
        InsufficientDataHealthStatus: 'Unhealthy',
      }),
    });
    // They come once there are edges, and go before those do.
    for (const [id] of resources(template, 'AWS::Route53::RecordSet')) {
      expect(dependenciesOf(id)).toContain(idOf('EdgesGroup'));
    }
  });

  test('there are none without a hosted zone, and an output says so', () => {
    const { hostedZone: _, preferences: __, ...fleet } = context.trunkline.fleet;
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

test('a key of the operator encrypts what the fleet keeps secret, and the machines that read it may decrypt', () => {
  const encryptionKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const trunkline = { ...context.trunkline, encryptionKeyArn };
  const own = synthesized({ context: { trunkline } }, 'TrunklineFleet');
  const keys = resources(own, 'AWS::SecretsManager::Secret').map(
    ([, { Properties }]) => Properties['KmsKeyId'],
  );
  expect(keys).toEqual([encryptionKeyArn, encryptionKeyArn]);
  const mayDecrypt = resources(own, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => JSON.stringify(Properties).includes('"kms:Decrypt"'))
    .map(([id]) => id.replace(/DefaultPolicy.*/, ''));
  expect(mayDecrypt.sort()).toEqual(['EdgeRole', 'GatewayRole']);
});
