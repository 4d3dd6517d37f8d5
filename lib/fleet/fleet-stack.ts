import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { metrics } from '../../contracts/metrics.ts';
import { careOf } from '../care.ts';
import { outputs } from '../outputs.ts';
import { allow } from '../permissions.ts';
import type { Settings } from '../settings.ts';
import type { TrunklineStack } from '../trunkline-stack.ts';
import { Access } from './access.ts';
import { SipNames } from './dns.ts';
import { EdgeRoles } from './edge-roles.ts';
import type { FleetSettings } from './fleet-settings.ts';
import { Images } from './images.ts';
import { machineRole } from './machine-role.ts';
import { Machines } from './machines.ts';
import { Network } from './network.ts';
import { edgePlan, mediaPlan } from './plans.ts';
import { Seats } from './seats.ts';
import { edgeUnits, mediaUnits } from './units.ts';

export interface FleetStackProps extends StackProps {
  readonly settings: Settings;
  readonly fleet: FleetSettings;
  readonly control: TrunklineStack;
}

/** The machines that carry calls: SIP edges and rtpengines, on seats whose addresses never change. */
export class FleetStack extends Stack {
  private readonly settings: Settings;
  private readonly fleet: FleetSettings;
  private readonly control: TrunklineStack;
  private readonly network: Network;
  private readonly access: Access;
  private readonly seats: Seats;
  private readonly images: Images;
  private readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, { settings, fleet, control, ...props }: FleetStackProps) {
    super(scope, id, props);
    [this.settings, this.fleet, this.control] = [settings, fleet, control];
    const { key, logRetention: retention } = careOf(this, settings);
    const kept = { retention, removalPolicy: RemovalPolicy.DESTROY, ...(key ? { encryptionKey: key } : {}) };
    this.network = new Network(this, 'Network', fleet, kept);
    const { vpc, subnets } = this.network;
    this.access = new Access(this, 'Access', vpc, fleet);
    const { edges } = settings;
    const { zones, mediaPerEdge } = fleet;
    this.seats = new Seats(this, 'Seats', { edges, mediaPerEdge, zones, subnets, access: this.access });
    this.images = new Images(this, 'Images');
    this.logGroup = new LogGroup(this, 'Logs', kept);
    this.edges().autoScaling.scaleToTrackMetric('Calls', {
      metric: new Metric({
        namespace: metrics.namespace,
        metricName: metrics.callsInProgress,
        dimensionsMap: { [metrics.fleet]: settings.prefix },
        statistic: 'Average',
        period: Duration.minutes(1),
      }),
      targetValue: fleet.callsPerEdge,
    });
    this.media().autoScaling.scaleOnCpuUtilization('Load', { targetUtilizationPercent: fleet.mediaCpu });
    this.tellCarriers();
  }

  private edges(): Machines {
    const group = `${this.settings.prefix}-edges`;
    const sipSecret = this.sipServerSecret();
    const { tlsSecret } = this.fleet;
    const role = this.roleOf('EdgeRole', group, this.seats.edges, [
      allow(['secretsmanager:GetSecretValue'], sipSecret.secretArn),
      ...(tlsSecret ? [allow(['secretsmanager:GetSecretValue'], this.arnOfSecret(tlsSecret))] : []),
    ]);
    const roles = new EdgeRoles(this, 'EdgeRoles', this.control.edges, role);
    const edges = this.control.edges.map(({ edgeId, queue }) => ({
      edgeId,
      queueUrl: queue.queueUrl,
      role: roles.arnOf(edgeId),
    }));
    const secrets = { sipServer: sipSecret.secretArn, ...(tlsSecret ? { tls: tlsSecret } : {}) };
    const plan = edgePlan(this.shared(group), this.seats, { edges, names: this.control.names, secrets });
    const min = this.fleet.minEdges ?? edges.length;
    return this.machines('Edges', {
      group,
      role,
      plan,
      min,
      max: edges.length,
      units: edgeUnits(this.containers()),
    });
  }

  private media(): Machines {
    const group = `${this.settings.prefix}-media`;
    const role = this.roleOf('MediaRole', group, this.seats.media, []);
    const units = mediaUnits(this.containers());
    const plan = mediaPlan(this.shared(group), this.seats);
    // One for every edge that may run: an edge without rtpengine takes no calls.
    const [min, max] = [this.seats.edges.length, this.seats.media.length];
    return this.machines('Media', { group, role, plan, min, max, units });
  }

  private machines(
    id: 'Edges' | 'Media',
    own: { group: string; role: Role; plan: object; min: number; max: number; units: Record<string, string> },
  ): Machines {
    const { vpc, subnets } = this.network;
    const isEdge = id === 'Edges';
    return new Machines(this, id, {
      ...own,
      vpc,
      subnets,
      securityGroup: isEdge ? this.access.edges : this.access.media,
      type: isEdge ? this.fleet.edgeType : this.fleet.mediaType,
      drainSeconds: this.fleet.drainSeconds,
      registry: `${this.account}.dkr.ecr.${this.region}.${this.urlSuffix}`,
    });
  }

  private shared = (group: string) => ({
    region: this.region,
    prefix: this.settings.prefix,
    group,
    drainSeconds: this.fleet.drainSeconds,
  });

  private containers = () => ({
    edge: this.images.edge.imageUri,
    rtpengine: this.images.rtpengine.imageUri,
    sipServer: this.fleet.sipServerImage,
    drainSeconds: this.fleet.drainSeconds,
    region: this.region,
    logGroup: this.logGroup.logGroupName,
  });

  private roleOf(id: string, group: string, seats: Seats['edges'], may: readonly PolicyStatement[]): Role {
    const images = [this.images.edge, this.images.rtpengine];
    return machineRole(this, id, { group, seats, images, logGroup: this.logGroup, may });
  }

  /** Between an edge and the SIP server beside it, on loopback. */
  private sipServerSecret(): Secret {
    const secret = new Secret(this, 'SipServerSecret', {
      description: 'Trunkline: admin port of the SIP server, for the edge beside it',
      generateSecretString: { excludePunctuation: true, passwordLength: 40 },
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'It opens a port on loopback only, and a new one would end the calls of every edge.',
    });
    return secret;
  }

  /** Six characters of AWS's choice end the ARN of a secret. */
  private arnOfSecret(name: string): string {
    return this.formatArn({ service: 'secretsmanager', resource: `secret:${name}-??????` });
  }

  private tellCarriers(): void {
    const { hostedZone: zone } = this.fleet;
    const { prefix } = this.settings;
    const output = (name: string, value: string) => new CfnOutput(this, name, { value });
    const addresses = (seats: Seats['edges']) => seats.map(({ publicAddress }) => publicAddress).join(',');
    output(outputs.sipAddresses, addresses(this.seats.edges));
    output(outputs.mediaAddresses, addresses(this.seats.media));
    const names =
      zone && new SipNames(this, 'Names', { prefix, zone, fleet: this.fleet, seats: this.seats.edges });
    output(
      outputs.sipName,
      names?.name ?? 'none, since fleet.hostedZone is not set: give carriers the addresses',
    );
  }
}
