import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { dimensions, type EdgeMetricName, edgeMetrics, type Label } from '../../contracts/edge-metrics.ts';
import { metrics as names } from '../../contracts/metrics.ts';

/** The labels by which a metric is told, beside the fleet. */
export type LabelsOf<N extends EdgeMetricName> = (typeof edgeMetrics)[N]['by'][number][number];

export interface Shown {
  /** As CloudWatch writes it: `Sum`, `Average`, `Minimum`, `p99`. */
  readonly statistic?: string;
  readonly label?: string;
  readonly period?: Duration;
}

/** Seconds from one time that an edge tells a gauge to the next: TRUNKLINE_EMF_MS of the fleet. */
const TOLD_EVERY = 60;

/** Metrics of one platform, by its prefix. */
export class FleetMetrics {
  readonly fleet: string;

  constructor(fleet: string) {
    this.fleet = fleet;
  }

  /** @throws Error for dimensions by which the edge does not tell the metric. */
  one<N extends EdgeMetricName>(
    name: N,
    labels: { readonly [L in LabelsOf<N>]?: string } = {},
    { statistic = 'Sum', label = name, period = Duration.minutes(1) }: Shown = {},
  ): Metric {
    const given = Object.keys(labels) as Label[];
    check(name, given);
    const own = given.map((each) => [dimensions[each], String(labels[each as LabelsOf<N>])]);
    return new Metric({
      namespace: names.namespace,
      metricName: name,
      dimensionsMap: { [names.fleet]: this.fleet, ...Object.fromEntries(own) },
      ...{ statistic, label, period },
    });
  }

  /**
   * A gauge that each edge tells once a minute, added up over the edges. A board that is zoomed out makes its periods longer, and
   * the sum of a period would count each minute again.
   */
  standing<N extends EdgeMetricName>(name: N, label: string = name): MathExpression {
    return formula(`told*${TOLD_EVERY}/PERIOD(told)`, { told: this.one(name) }, label);
  }

  /** The same of every value that there is of these labels. */
  eachStanding<N extends EdgeMetricName>(name: N, by: readonly LabelsOf<N>[]): MathExpression {
    check(name, by);
    const found = this.find(
      name,
      by.map((each) => dimensions[each]),
    );
    // Whatever the edges always tell has the period of the board.
    return formula(`${found}*${TOLD_EVERY}/PERIOD(always)`, { always: this.one('CallsInProgress') }, '');
  }

  /** Every value that there is of these labels, each a line: trunks are added while the platform runs. */
  each<N extends EdgeMetricName>(
    name: N,
    by: readonly LabelsOf<N>[],
    { statistic = 'Sum', label = '', period = Duration.minutes(1) }: Shown = {},
    only: { readonly [L in LabelsOf<N>]?: string } = {},
  ): MathExpression {
    check(name, by);
    const chosen = Object.entries(only).map(
      ([each, value]) => `${dimensions[each as Label]}="${String(value)}"`,
    );
    const keys = by.map((each) => dimensions[each]);
    return this.search(name, keys, chosen, { statistic, label, period });
  }

  /** What came of events, by function and outcome. */
  outcomes(): MathExpression {
    return this.search(names.handlerOutcomes, [names.function, names.outcome]);
  }

  private search(
    name: string,
    by: readonly string[],
    only: readonly string[] = [],
    { statistic = 'Sum', label = '', period = Duration.minutes(1) }: Shown = {},
  ): MathExpression {
    return new MathExpression({
      expression: this.find(name, by, only, statistic),
      ...{ label, period, usingMetrics: {} },
    });
  }

  /** Its period is that of the widget (Amazon CloudWatch User Guide, "Search expression syntax"). */
  private find(name: string, by: readonly string[], only: readonly string[] = [], statistic = 'Sum'): string {
    const keys = [names.namespace, names.fleet, ...by].join(',');
    const wanted = [`MetricName="${name}"`, `${names.fleet}="${this.fleet}"`, ...only].join(' ');
    return `SEARCH('{${keys}} ${wanted}', '${statistic}')`;
  }
}

function check(name: EdgeMetricName, labels: readonly string[]): void {
  const sets: readonly (readonly string[])[] = edgeMetrics[name].by;
  const isKnown = sets.some(
    (set) => set.length === labels.length && set.every((each) => labels.includes(each)),
  );
  if (!isKnown)
    throw new Error(
      `${name} is told by ${sets.map((set) => `[${set.join()}]`).join(', ')}, not by [${labels.join()}]`,
    );
}

/** A formula over metrics that have names in it. */
export const formula = (
  expression: string,
  usingMetrics: Readonly<Record<string, IMetric>>,
  label: string,
  period = Duration.minutes(1),
): MathExpression => new MathExpression({ expression, usingMetrics: { ...usingMetrics }, label, period });
