import {
  FlowLogDestination,
  GatewayVpcEndpointAwsService,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type ISubnet,
  type IVpc,
  Peer,
  Subnet,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import { LogGroup, type LogGroupProps } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FleetSettings } from './fleet-settings.ts';

/** The network of the fleet: a public subnet in each zone. There is no NAT: every machine has addresses of its own. */
export class Network extends Construct {
  readonly vpc: IVpc;
  /** In the order of the zones. */
  readonly subnets: readonly ISubnet[];

  constructor(scope: Construct, id: string, { network, zones }: FleetSettings, kept: LogGroupProps) {
    super(scope, id);
    if (network.vpcId === undefined) {
      this.vpc = this.build(network, zones, kept) as IVpc;
      this.subnets = this.vpc.publicSubnets;
      return;
    }
    const { vpcId, publicSubnetIds } = network;
    this.vpc = Vpc.fromVpcAttributes(this, 'Vpc', { vpcId, availabilityZones: [...zones], publicSubnetIds });
    this.subnets = publicSubnetIds.map((subnetId, at) =>
      Subnet.fromSubnetAttributes(this, `Subnet${at}`, { subnetId, availabilityZone: zones[at] ?? '' }),
    );
  }

  private build(
    { cidr, privateEndpoints }: FleetSettings['network'],
    zones: readonly string[],
    kept: LogGroupProps,
  ): Vpc {
    const logGroup = new LogGroup(this, 'Flows', kept);
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      availabilityZones: [...zones],
      natGateways: 0,
      subnetConfiguration: [{ name: 'Public', subnetType: SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
      gatewayEndpoints: {
        DynamoDb: { service: GatewayVpcEndpointAwsService.DYNAMODB },
        S3: { service: GatewayVpcEndpointAwsService.S3 },
      },
      flowLogs: { All: { destination: FlowLogDestination.toCloudWatchLogs(logGroup) } },
    });
    for (const [name, service] of privateEndpoints ? Object.entries(inside) : []) {
      vpc
        .addInterfaceEndpoint(name, { service, open: false })
        .connections.allowDefaultPortFrom(Peer.ipv4(cidr));
    }
    return vpc;
  }
}

/** What calls need while they are carried. */
const inside = {
  Events: InterfaceVpcEndpointAwsService.EVENTBRIDGE,
  Queues: InterfaceVpcEndpointAwsService.SQS,
  Secrets: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  Tokens: InterfaceVpcEndpointAwsService.STS,
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
};
