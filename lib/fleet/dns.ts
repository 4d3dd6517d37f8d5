import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnHealthCheck, CfnRecordSet } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import { ports } from '../../contracts/fleet-ports.ts';
import type { Seat } from '../../contracts/machine-plan.ts';
import { metrics } from '../../contracts/metrics.ts';
import { pascal } from '../outputs.ts';
import type { FleetSettings } from './fleet-settings.ts';

export interface SipNamesProps {
  readonly prefix: string;
  readonly zone: { readonly id: string; readonly name: string };
  readonly fleet: FleetSettings;
  readonly seats: readonly Seat[];
}

/** s that a carrier may keep an answer: how long it goes on calling an edge that is gone, beside the health check. */
const TTL = '30';

/** Names under which carriers find the edges: RFC 3263. An edge that takes no calls is left out of the answers. */
export class SipNames extends Construct {
  /** What a carrier is given. */
  readonly name: string;

  constructor(scope: Construct, id: string, props: SipNamesProps) {
    super(scope, id);
    this.name = `${props.fleet.sipName ?? 'sip'}.${props.zone.name}`;
    for (const seat of props.seats) this.addEdge(seat, props);
  }

  private addEdge(seat: Seat, { zone, fleet, prefix }: SipNamesProps): void {
    const scope = new Construct(this, pascal(seat.edge));
    const host = `${seat.edge}.${this.name}`;
    const shared = { hostedZoneId: zone.id, ttl: TTL };
    new CfnRecordSet(scope, 'Host', {
      ...shared,
      name: host,
      type: 'A',
      resourceRecords: [seat.publicAddress],
    });
    const { priority, weight } = fleet.preferences[seat.edge] ?? { priority: 10, weight: 100 };
    const healthCheckId = healthOf(scope, seat.edge, prefix).attrHealthCheckId;
    for (const [service, port] of servicesOf(fleet)) {
      new CfnRecordSet(scope, pascal(service.replaceAll(/[._]+/g, '-').slice(1)), {
        ...shared,
        name: `${service}.${this.name}`,
        type: 'SRV',
        setIdentifier: seat.edge,
        multiValueAnswer: true,
        healthCheckId,
        resourceRecords: [`${priority} ${weight} ${port} ${host}.`],
      });
    }
  }
}

const servicesOf = ({ tlsSecret }: FleetSettings): [string, number][] => [
  ['_sip._udp', ports.sip],
  ['_sip._tcp', ports.sip],
  ...(tlsSecret ? ([['_sips._tcp', ports.sipTls]] satisfies [string, number][]) : []),
];

/** By what the edge says of itself: the checkers of Route 53 come from everywhere, and the SIP port is closed to them. */
function healthOf(scope: Construct, edge: string, prefix: string): CfnHealthCheck {
  const alarm = new Alarm(scope, 'NotReady', {
    alarmDescription: `The edge ${edge} takes no calls: the SRV records leave it out`,
    metric: new Metric({
      namespace: metrics.namespace,
      metricName: metrics.edgeReady,
      dimensionsMap: { [metrics.fleet]: prefix, [metrics.edge]: edge },
      statistic: 'Maximum',
      period: Duration.minutes(1),
    }),
    comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
    threshold: 1,
    evaluationPeriods: 2,
    // An edge that is gone says nothing.
    treatMissingData: TreatMissingData.BREACHING,
  });
  return new CfnHealthCheck(scope, 'Health', {
    healthCheckConfig: {
      type: 'CLOUDWATCH_METRIC',
      alarmIdentifier: { name: alarm.alarmName, region: Stack.of(scope).region },
      // An edge that is new has no metric yet, and no machine. Where all are unhealthy, Route 53 answers with all of them.
      insufficientDataHealthStatus: 'Unhealthy',
    },
  });
}
