import { Tags } from 'aws-cdk-lib';
import { CfnEIP, CfnEIPAssociation, CfnNetworkInterface } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Seat } from '../../contracts/machine-plan.ts';
import { pascal } from '../outputs.ts';
import type { Access } from './access.ts';
import type { Network } from './network.ts';

export interface SeatsProps {
  readonly edges: readonly string[];
  readonly mediaPerEdge: number;
  readonly zones: readonly string[];
  readonly network: Network;
  readonly access: Access;
}

/**
 * The places of the fleet, each with a fixed private and a fixed public address; machines come and go on them. A seat is
 * a network interface: attaching it takes it, and only one machine can. An rtpengine's seat is in the zone of its edge.
 */
export class Seats extends Construct {
  readonly edges: readonly Seat[];
  readonly media: readonly Seat[];

  constructor(scope: Construct, id: string, { edges, mediaPerEdge, zones, network, access }: SeatsProps) {
    super(scope, id);
    const { subnets } = network;
    const seat = (name: string, edge: string, index: number, group: string): Seat => {
      const at = edges.indexOf(edge) % zones.length;
      const built = this.build(pascal(name), network, subnets[at]?.subnetId ?? '', group);
      return { edge, index, zone: zones[at] ?? '', ...built };
    };
    this.edges = edges.map((edge) => seat(edge, edge, 0, access.edges.securityGroupId));
    this.media = edges.flatMap((edge) =>
      Array.from({ length: mediaPerEdge }, (_, index) =>
        seat(`${edge}-media-${index + 1}`, edge, index, access.media.securityGroupId),
      ),
    );
  }

  /** The places of one edge's rtpengines. */
  mediaOf(edgeId: string): readonly Seat[] {
    return this.media.filter(({ edge }) => edge === edgeId);
  }

  private build(
    name: string,
    network: Network,
    subnetId: string,
    group: string,
  ): Omit<Seat, 'edge' | 'index' | 'zone'> {
    const scope = new Construct(this, name);
    const description = `Trunkline seat ${name}`;
    const eni = new CfnNetworkInterface(scope, 'Interface', { subnetId, groupSet: [group], description });
    const eip = new CfnEIP(scope, 'Address', { domain: 'vpc' });
    Tags.of(scope).add('Name', description);
    const bound = new CfnEIPAssociation(scope, 'Bound', {
      allocationId: eip.attrAllocationId,
      networkInterfaceId: eni.attrId,
    });
    // AWS binds a public address only where there is a gateway to the internet, and none may go while one is bound.
    bound.node.addDependency(network);
    return {
      eni: eni.attrId,
      privateAddress: eni.attrPrimaryPrivateIpAddress,
      publicAddress: eip.attrPublicIp,
    };
  }
}
