import { Alarm, ComparisonOperator, type IAlarm, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Watched } from './watched.ts';
import { edgeLost, edgesTooFew, undelivered, type Watch, watches } from './watches.ts';

export interface AlarmsProps {
  readonly watched: Watched;
  readonly topic: ITopic;
  /** Edges that are deployed. None on a platform whose edges are elsewhere. */
  readonly edgeIds: readonly string[];
  /** How many of them must be there; undefined: each. */
  readonly leastEdges: number | undefined;
}

/** Everything for which an operator must wake up. Each names its runbook, a page of docs/runbooks. */
export class Alarms extends Construct {
  readonly all: readonly IAlarm[];

  constructor(scope: Construct, id: string, { watched, topic, edgeIds, leastEdges }: AlarmsProps) {
    super(scope, id);
    const notify = new SnsAction(topic);
    const make = (name: string, page: string, watch: Watch) => {
      const alarm = new Alarm(this, name, {
        alarmName: `${watched.prefix}-${name}`,
        alarmDescription: `${watch.what}. Runbook: docs/runbooks/${page}.md`,
        metric: watch.metric,
        threshold: watch.limit,
        evaluationPeriods: watch.periods,
        comparisonOperator: comparisons[watch.isBad],
        treatMissingData:
          watch.silence === 'bad' ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      });
      alarm.addAlarmAction(notify);
      alarm.addOkAction(notify);
      return alarm;
    };
    this.all = [
      ...Object.entries(watches(watched)).map(([name, watch]) => make(name, name, watch)),
      ...(leastEdges === undefined
        ? edgeIds.map((edge) => make(`edge-lost-${edge}`, 'edge-lost', edgeLost(watched, edge)))
        : [make('edges-too-few', 'edge-lost', edgesTooFew(watched, leastEdges))]),
      ...watched.edgeIds.flatMap((edge) => {
        const watch = undelivered(watched, edge);
        return watch ? [make(`commands-failing-${edge}`, 'commands-failing', watch)] : [];
      }),
    ];
  }
}

const comparisons = {
  above: ComparisonOperator.GREATER_THAN_THRESHOLD,
  below: ComparisonOperator.LESS_THAN_THRESHOLD,
} as const;
