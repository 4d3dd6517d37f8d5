import { Validations } from 'aws-cdk-lib';
import { type IVpc, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { ports } from '../../contracts/fleet-ports.ts';
import type { FleetSettings } from './fleet-settings.ts';

/**
 * Who may send what: carriers and agents SIP and RTP, the machines of the fleet each other's orders and audio; nothing else
 * comes in. A gateway calls its agents, and nobody outside calls it.
 */
export class Access extends Construct {
  readonly edges: SecurityGroup;
  readonly media: SecurityGroup;
  /** Where there are gateways. */
  readonly gateways: SecurityGroup | undefined;

  constructor(scope: Construct, id: string, vpc: IVpc, fleet: FleetSettings) {
    super(scope, id);
    const group = (name: string, description: string) => new SecurityGroup(this, name, { vpc, description });
    this.edges = group('Edges', 'Trunkline edges: SIP from carriers and agents');
    this.media = group('Media', 'Trunkline rtpengines: RTP from carriers and agents');
    if (fleet.gateways) {
      this.gateways = group('Gateways', 'Trunkline gateways: the audio of agents over WebSockets');
      this.admitToGateways(this.gateways);
    }

    for (const cidr of fleet.trunkCidrs) {
      const from = Peer.ipv4(cidr);
      this.edges.addIngressRule(from, Port.udp(ports.sip), 'SIP over UDP');
      this.edges.addIngressRule(from, Port.tcp(ports.sip), 'SIP over TCP');
      if (fleet.tlsSecret) this.edges.addIngressRule(from, Port.tcp(ports.sipTls), 'SIP over TLS');
    }
    for (const cidr of fleet.mediaCidrs ?? fleet.trunkCidrs) {
      const { from, to } = ports.rtp;
      this.media.addIngressRule(Peer.ipv4(cidr), Port.udpRange(from, to), 'RTP and RTCP');
    }
    this.media.addIngressRule(this.edges, Port.udp(ports.ng), 'orders of edges');
    this.edges.addIngressRule(this.media, Port.udp(ports.digits), 'digits from rtpengine');
    this.edges.addIngressRule(this.media, Port.tcp(ports.lostCalls), 'calls that fell silent');
    if (fleet.openToTheWorld) this.admitWhatIsOpen();
  }

  private admitToGateways(gateways: SecurityGroup): void {
    const { from, to } = ports.rtp;
    gateways.addIngressRule(this.edges, Port.tcp(ports.gatewayHttp), 'sessions for edges');
    gateways.addIngressRule(this.media, Port.udpRange(from, to), 'RTP of callers');
    this.media.addIngressRule(gateways, Port.udpRange(from, to), 'RTP of agents');
  }

  private admitWhatIsOpen(): void {
    const reason = 'The settings let everybody in, word for word: who sends a call proves himself by digest.';
    for (const group of [this.edges, this.media]) {
      for (const id of ['AwsSolutions-EC23', 'CloudFormation-Validate::W2508']) {
        Validations.of(group).acknowledge({ id, reason });
      }
    }
  }
}
