import { Tags } from 'aws-cdk-lib';
import { CfnEIP, CfnEIPAssociation, CfnNetworkInterface, type ISubnet } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Seat } from '../../contracts/machine-plan.ts';
import { pascal } from '../outputs.ts';
import type { Access } from './access.ts';

export interface SeatsProps {
  readonly edges: readonly string[];
  readonly mediaPerEdge: number;
  readonly zones: readonly string[];
  /** In the order of the zones. */
  readonly subnets: readonly ISubnet[];
  readonly access: Access;
}

/**
 * The places of the fleet, each with a fixed private and a fixed public address; machines come and go on them. A seat is
 * a network interface: attaching it takes it, and only one machine can. An rtpengine's seat is in the zone of its edge.
 */
export class Seats extends Construct {
  readonly edges: readonly Seat[];
  /** The first rtpengine of every edge, then the second of every edge: taken in this order, none goes without. */
  readonly media: readonly Seat[];

  constructor(scope: Construct, id: string, { edges, mediaPerEdge, zones, subnets, access }: SeatsProps) {
    super(scope, id);
    const seat = (name: string, edge: string, index: number, group: string): Seat => {
      const at = edges.indexOf(edge) % zones.length;
      const built = this.build(pascal(name), subnets[at]?.subnetId ?? '', group);
      return { edge, index, zone: zones[at] ?? '', ...built };
    };
    this.edges = edges.map((edge) => seat(edge, edge, 0, access.edges.securityGroupId));
    this.media = Array.from({ length: mediaPerEdge }, (_, index) =>
      edges.map((edge) => seat(`${edge}-media-${index + 1}`, edge, index, access.media.securityGroupId)),
    ).flat();
  }

  private build(name: string, subnetId: string, group: string): Omit<Seat, 'edge' | 'index' | 'zone'> {
    const scope = new Construct(this, name);
    const description = `Trunkline seat ${name}`;
    const eni = new CfnNetworkInterface(scope, 'Interface', { subnetId, groupSet: [group], description });
    const eip = new CfnEIP(scope, 'Address', { domain: 'vpc' });
    Tags.of(scope).add('Name', description);
    new CfnEIPAssociation(scope, 'Bound', {
      allocationId: eip.attrAllocationId,
      networkInterfaceId: eni.attrId,
    });
    return {
      eni: eni.attrId,
      privateAddress: eni.attrPrimaryPrivateIpAddress,
      publicAddress: eip.attrPublicIp,
    };
  }
}
