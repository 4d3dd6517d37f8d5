import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct, IDependable } from 'constructs';
import { metrics } from '../../contracts/metrics.ts';
import { careOf } from '../care.ts';
import { outputs, pascal } from '../outputs.ts';
import type { Settings } from '../settings.ts';
import type { TrunklineStack } from '../trunkline-stack.ts';
import { Access } from './access.ts';
import { SipNames } from './dns.ts';
import { EdgeRoles } from './edge-roles.ts';
import type { FleetSettings } from './fleet-settings.ts';
import { groupNames } from './group-names.ts';
import { Images } from './images.ts';
import { type MachineRoleProps, machineRole } from './machine-role.ts';
import { Machines } from './machines.ts';
import { Network } from './network.ts';
import { edgePlan, gatewayPlan, mediaPlan } from './plans.ts';
import { Prompts } from './prompts.ts';
import { Seats } from './seats.ts';
import { FleetSecrets } from './secrets.ts';
import { edgeUnits, gatewayUnits, mediaUnits } from './units.ts';

export interface FleetStackProps extends StackProps {
  readonly settings: Settings;
  readonly fleet: FleetSettings;
  readonly control: TrunklineStack;
}

/** The machines that carry calls: SIP edges, rtpengines and gateways of agents, on seats whose addresses never change. */
export class FleetStack extends Stack {
  private readonly settings: Settings;
  private readonly fleet: FleetSettings;
  private readonly control: TrunklineStack;
  private readonly network: Network;
  private readonly access: Access;
  private readonly seats: Seats;
  private readonly images: Images;
  private readonly prompts: Prompts;
  private readonly secrets: FleetSecrets;
  private readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, { settings, fleet, control, ...props }: FleetStackProps) {
    super(scope, id, props);
    [this.settings, this.fleet, this.control] = [settings, fleet, control];
    const { key, logRetention: retention } = careOf(this, settings);
    const kept = { retention, removalPolicy: RemovalPolicy.DESTROY, ...(key ? { encryptionKey: key } : {}) };
    this.network = new Network(this, 'Network', fleet, kept);
    this.access = new Access(this, 'Access', this.network.vpc, fleet);
    const { edges } = settings;
    const { zones, mediaPerEdge } = fleet;
    const { network, access } = this;
    const gateways = fleet.gateways?.max ?? 0;
    this.seats = new Seats(this, 'Seats', { edges, mediaPerEdge, gateways, zones, network, access });
    this.images = new Images(this, 'Images', fleet);
    this.prompts = new Prompts(this, 'Prompts', fleet.promptsDir);
    this.secrets = new FleetSecrets(this, 'Secrets', { fleet, key });
    this.logGroup = new LogGroup(this, 'Logs', kept);
    const media = this.media();
    const agents = fleet.gateways ? [this.gateways(fleet.gateways, media.slice(-1))] : [];
    const machines = this.edges([...media, ...agents]);
    machines.autoScaling.scaleToTrackMetric('Calls', {
      metric: this.average(metrics.callsInProgress),
      targetValue: fleet.callsPerEdge,
    });
    this.tellCarriers(machines);
  }

  /** Of all machines that tell it. */
  private average = (metricName: string) =>
    new Metric({
      namespace: metrics.namespace,
      metricName,
      dimensionsMap: { [metrics.fleet]: this.settings.prefix },
      statistic: 'Average',
      period: Duration.minutes(1),
    });

  /** They start once there are rtpengines and gateways, and are gone before those go. */
  private edges(after: readonly Machines[]): Machines {
    const group = groupNames(this.settings).edges;
    const role = this.roleOf('EdgeRole', {
      kind: group,
      groups: [group],
      seats: this.seats.edges,
      images: [this.images.edge, this.images.sipServer],
      may: [...this.secrets.forEdges(), ...this.prompts.reading()],
    });
    const roles = new EdgeRoles(this, 'EdgeRoles', this.control.edges, role);
    const edges = this.control.edges.map(({ edgeId }) => ({ edgeId, role: roles.arnOf(edgeId) }));
    const plan = edgePlan(this.shared(group), this.seats, {
      edges,
      names: this.control.names,
      secrets: this.secrets.namesForEdges(),
      hasPrompts: this.prompts.exist,
    });
    const min = this.fleet.minEdges ?? edges.length;
    return new Machines(this, 'Edges', {
      ...{ group, kind: group, role, plan, min, max: edges.length },
      subnets: this.network.subnets,
      securityGroup: this.access.edges,
      type: this.fleet.edgeType,
      units: edgeUnits(this.containers()),
      prompts: this.prompts.place,
      ...this.common(after.map(({ autoScaling }) => autoScaling)),
    });
  }

  /** A group for each edge, so that none goes without; one group is changed after the other. See decision 0260. */
  private media(): readonly Machines[] {
    const { edges } = this.settings;
    const kind = `${this.settings.prefix}-media`;
    const groups = edges.map(groupNames(this.settings).media);
    const images = [this.images.rtpengine];
    const role = this.roleOf('MediaRole', {
      kind,
      groups,
      seats: this.seats.media,
      images,
      may: this.prompts.reading(),
    });
    const made: Machines[] = [];
    for (const [at, edge] of edges.entries()) {
      const own = { edge, group: groups[at] ?? '', kind, role };
      made.push(this.mediaOf(own, made.slice(-1)));
    }
    return made;
  }

  private mediaOf(
    { edge, ...own }: { edge: string; group: string; kind: string; role: Role },
    after: readonly Machines[],
  ): Machines {
    const seats = {
      edges: this.seats.edges.filter((seat) => seat.edge === edge),
      media: this.seats.mediaOf(edge),
    };
    const machines = new Machines(this, `${pascal(edge)}Media`, {
      ...own,
      ...{ plan: mediaPlan(this.shared(own.group), seats), min: 1, max: seats.media.length },
      subnets: this.network.subnets.filter((_, at) => this.fleet.zones[at] === seats.edges[0]?.zone),
      securityGroup: this.access.media,
      type: this.fleet.mediaType,
      units: mediaUnits(this.containers()),
      prompts: this.prompts.place,
      ...this.common(after.map(({ autoScaling }) => autoScaling)),
    });
    const targetUtilizationPercent = this.fleet.mediaCpu;
    if (seats.media.length > 1)
      machines.autoScaling.scaleOnCpuUtilization('Load', { targetUtilizationPercent });
    return machines;
  }

  private gateways(gateways: NonNullable<FleetSettings['gateways']>, after: readonly Machines[]): Machines {
    const { gateways: securityGroup } = this.access;
    const { gateway } = this.images;
    const { gateways: token } = this.secrets;
    if (!securityGroup || !gateway || !token)
      throw new Error('gateways have a security group, an image and a token of their own');
    const group = groupNames(this.settings).gateways;
    const role = this.roleOf('GatewayRole', {
      ...{ kind: group, groups: [group], seats: this.seats.gateways, images: [gateway] },
      may: this.secrets.forGateways(),
    });
    const { max, type, min = this.fleet.zones.length } = gateways;
    const plan = gatewayPlan(this.shared(group), this.seats.gateways, gateways, token.secretArn);
    const machines = new Machines(this, 'Gateways', {
      ...{ group, kind: group, role, plan, min, max, securityGroup, type },
      subnets: this.network.subnets,
      units: gatewayUnits(this.containers()),
      ...this.common(after.map(({ autoScaling }) => autoScaling)),
    });
    machines.autoScaling.scaleToTrackMetric('Sessions', {
      metric: this.average(metrics.agentSessions),
      targetValue: gateways.sessionsPerGateway,
    });
    return machines;
  }

  /** What machines need while they live, the end of their calls included, is there before them and goes after them. */
  private common = (after: readonly IDependable[]) => ({
    vpc: this.network.vpc,
    image: this.fleet.machineImage,
    drainSeconds: this.fleet.drainSeconds,
    registry: `${this.account}.dkr.ecr.${this.region}.${this.urlSuffix}`,
    after: [this.network, this.access, this.seats, ...after],
  });

  private shared = (group: string) => ({
    region: this.region,
    prefix: this.settings.prefix,
    group,
    drainSeconds: this.fleet.drainSeconds,
  });

  private containers = () => ({
    machine: this.images.machine.imageUri,
    edge: this.images.edge.imageUri,
    rtpengine: this.images.rtpengine.imageUri,
    sipServer: this.images.sipServer.imageUri,
    gateway: this.images.gateway?.imageUri ?? '',
    hasPrompts: this.prompts.exist,
    drainSeconds: this.fleet.drainSeconds,
    region: this.region,
    logGroup: this.logGroup.logGroupName,
  });

  private roleOf(id: string, own: Omit<MachineRoleProps, 'logGroup'>): Role {
    const images = [this.images.machine, ...own.images];
    return machineRole(this, id, { ...own, images, logGroup: this.logGroup });
  }

  private tellCarriers(edges: Machines): void {
    const { hostedZone: zone } = this.fleet;
    const { prefix } = this.settings;
    const output = (name: string, value: string) => new CfnOutput(this, name, { value });
    const addresses = (seats: Seats['edges']) => seats.map(({ publicAddress }) => publicAddress).join(',');
    output(outputs.sipAddresses, addresses(this.seats.edges));
    output(outputs.mediaAddresses, addresses(this.seats.media));
    const names =
      zone && new SipNames(this, 'Names', { prefix, zone, fleet: this.fleet, seats: this.seats.edges });
    // Nobody is sent to an edge that is not there yet, and nobody any more to one that goes.
    names?.node.addDependency(edges.autoScaling);
    output(
      outputs.sipName,
      names?.name ?? 'none, since fleet.hostedZone is not set: give carriers the addresses',
    );
  }
}
