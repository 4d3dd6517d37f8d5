import { Duration } from 'aws-cdk-lib';
import { type IMetric, type IWidget, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { controlPlaneCost } from './cost-guess.ts';
import type { FleetMetrics } from './metrics.ts';
import type { Watched } from './watched.ts';
import { graph } from './widgets.ts';

const named = <T>(parts: Readonly<Record<string, T>>, metric: (part: T, label: string) => IMetric) =>
  Object.entries(parts).map(([label, part]) => metric(part, label));

/** Edges, functions, queues and tables. */
export const platform = (watched: Watched): IWidget[][] => [
  ...edges(watched.fleet),
  ...machines(watched),
  ...functionsOf(watched),
  ...storage(watched),
];

const edges = (fleet: FleetMetrics): IWidget[][] => [
  [
    graph(
      'Events that wait in the outboxes',
      [fleet.standing('OutboxEvents', 'events')],
      [
        fleet.one('OutboxAge', {}, { statistic: 'Maximum', label: 'the oldest, seconds' }),
        fleet.one('OutboxDropped', {}, { statistic: 'Maximum', label: 'dropped' }),
      ],
    ),
    graph('SIP servers and rtpengines that are up', [
      fleet.each('SipServerUp', ['edge'], { statistic: 'Minimum' }),
      fleet.each('RtpengineUp', ['edge', 'engine'], { statistic: 'Minimum' }),
    ]),
  ],
];

const machines = ({ machineGroups }: Watched): IWidget[][] => {
  const each = (namespace: string, metricName: string, statistic: string) =>
    machineGroups.map(
      (group) =>
        new Metric({
          ...{ namespace, metricName, statistic, label: group, period: Duration.minutes(1) },
          dimensionsMap: { AutoScalingGroupName: group },
        }),
    );
  if (machineGroups.length === 0) return [];
  return [
    [
      graph('Machines: CPU of each group, %', each('AWS/EC2', 'CPUUtilization', 'Average')),
      graph('Machines in service', each('AWS/AutoScaling', 'GroupInServiceInstances', 'Minimum')),
    ],
  ];
};

const functionsOf = ({ functions, fleet }: Watched): IWidget[][] => [
  [graph('What came of events, but for the routine', [fleet.outcomes()], [], 24)],
  [
    graph('Functions: errors and throttles', [
      ...named(functions, (each, label) => each.metricErrors({ label: `${label} errors` })),
      ...named(functions, (each, label) => each.metricThrottles({ label: `${label} throttled` })),
    ]),
    graph(
      'Functions: duration, p99',
      named(functions, (each, label) => each.metricDuration({ statistic: 'p99', label })),
    ),
  ],
  [
    graph(
      'Functions: runs',
      named(functions, (each, label) => each.metricInvocations({ label })),
    ),
    graph(
      'Functions: age of the event that is handled, p99',
      named(functions, (each, label) => each.metric('AsyncEventAge', { statistic: 'p99', label })),
    ),
  ],
];

const storage = ({ deadLetters, undelivered, edgeQueues, tables, functions }: Watched): IWidget[][] => [
  [
    graph(
      'Dead letters',
      named(deadLetters, (each, label) => each.metricApproximateNumberOfMessagesVisible({ label })),
      named(undelivered, (each, label) =>
        each.metricApproximateNumberOfMessagesVisible({ label: `not taken by ${label}` }),
      ),
    ),
    graph(
      'To the edges: age of the oldest message',
      named(edgeQueues, (each, label) => each.metricApproximateAgeOfOldestMessage({ label })),
    ),
  ],
  [
    graph('Tables: requests throttled', [
      ...named(tables, (each, label) => each.metric('ReadThrottleEvents', { label: `${label} reads` })),
      ...named(tables, (each, label) => each.metric('WriteThrottleEvents', { label: `${label} writes` })),
    ]),
    graph('A guess of the cost, dollars an hour', [controlPlaneCost({ functions, tables })]),
  ],
];
