import { Tags } from 'aws-cdk-lib';
import { CfnEIP, CfnEIPAssociation, CfnNetworkInterface } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { InnerSeat, Seat } from '../../contracts/machine-plan.ts';
import { pascal } from '../outputs.ts';
import type { Access } from './access.ts';
import type { Network } from './network.ts';

export interface SeatsProps {
  readonly edges: readonly string[];
  readonly mediaPerEdge: number;
  /** How many gateways there can be. */
  readonly gateways: number;
  readonly zones: readonly string[];
  readonly network: Network;
  readonly access: Access;
}

/**
 * The places of the fleet, each with a fixed private and a fixed public address; machines come and go on them. A seat is
 * a network interface: attaching it takes it, and only one machine can. An rtpengine's seat is in the zone of its edge.
 * A gateway's has a private address alone: nobody calls it from outside, and outwards it goes by its machine's own address.
 */
export class Seats extends Construct {
  readonly edges: readonly Seat[];
  readonly media: readonly Seat[];
  readonly gateways: readonly InnerSeat[];

  constructor(scope: Construct, id: string, props: SeatsProps) {
    super(scope, id);
    const { edges, mediaPerEdge, gateways, zones, network, access } = props;
    const { subnets } = network;
    const seat = (name: string, edge: string, index: number, group: string): Seat => {
      const at = edges.indexOf(edge) % zones.length;
      const { place, bindAddress } = this.build(pascal(name), subnets[at]?.subnetId ?? '', group);
      return { edge, index, zone: zones[at] ?? '', ...place, publicAddress: bindAddress(network) };
    };
    this.edges = edges.map((edge) => seat(edge, edge, 0, access.edges.securityGroupId));
    this.media = edges.flatMap((edge) =>
      Array.from({ length: mediaPerEdge }, (_, index) =>
        seat(`${edge}-media-${index + 1}`, edge, index, access.media.securityGroupId),
      ),
    );
    this.gateways = Array.from({ length: gateways }, (_, number) => {
      const [name, at] = [`gateway-${number + 1}`, number % zones.length];
      const group = access.gateways?.securityGroupId ?? '';
      const { place } = this.build(pascal(name), subnets[at]?.subnetId ?? '', group);
      return { edge: name, index: 0, zone: zones[at] ?? '', ...place };
    });
  }

  /** The places of one edge's rtpengines. */
  mediaOf(edgeId: string): readonly Seat[] {
    return this.media.filter(({ edge }) => edge === edgeId);
  }

  private build(name: string, subnetId: string, group: string) {
    const scope = new Construct(this, name);
    const description = `Trunkline seat ${name}`;
    const eni = new CfnNetworkInterface(scope, 'Interface', { subnetId, groupSet: [group], description });
    Tags.of(scope).add('Name', description);
    return {
      place: { eni: eni.attrId, privateAddress: eni.attrPrimaryPrivateIpAddress },
      /** A public address that stays; gives it. */
      bindAddress(network: Network): string {
        const eip = new CfnEIP(scope, 'Address', { domain: 'vpc' });
        const bound = new CfnEIPAssociation(scope, 'Bound', {
          allocationId: eip.attrAllocationId,
          networkInterfaceId: eni.attrId,
        });
        // AWS binds a public address only where there is a gateway to the internet, and none may go while one is bound.
        bound.node.addDependency(network);
        return eip.attrPublicIp;
      },
    };
  }
}
