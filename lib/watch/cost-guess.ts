import { Duration } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { formula } from './metrics.ts';
import type { Watched } from './watched.ts';

/** A million of each; us-east-1, on demand, as in bench/prices.yaml. Each run comes with an event that caused it. */
const dollars = { run: 0.2, gbMs: 0.0133334, unit: 0.625, readUnit: 0.125, event: 1 };
const MEMORY_GB = 0.5;

/** Of the control plane, an hour at the present rate: runs and their time, events, and what the tables wrote and read. */
export function controlPlaneCost({ functions, tables }: Pick<Watched, 'functions' | 'tables'>): IMetric {
  const period = Duration.minutes(5);
  const parts: Record<string, IMetric> = {};
  const terms: string[] = [];
  const add = (name: string, metric: IMetric, price: number) => {
    parts[name] = metric;
    // Metric math knows no exponents: it would take the e of 1e-6 for the name of a metric.
    terms.push(`${name}*${price.toFixed(8)}`);
  };
  for (const [index, lambda] of Object.values(functions).entries()) {
    add(`r${index}`, lambda.metricInvocations({ period, statistic: 'Sum' }), dollars.run + dollars.event);
    add(`d${index}`, lambda.metricDuration({ period, statistic: 'Sum' }), dollars.gbMs * MEMORY_GB);
  }
  for (const [index, table] of Object.values(tables).entries()) {
    add(`w${index}`, table.metricConsumedWriteCapacityUnits({ period, statistic: 'Sum' }), dollars.unit);
    add(`u${index}`, table.metricConsumedReadCapacityUnits({ period, statistic: 'Sum' }), dollars.readUnit);
  }
  // Whatever period the board takes, what came in it is a share of an hour.
  return formula(`3600/PERIOD(r0)/1000000*(${terms.join('+')})`, parts, 'dollars an hour', period);
}
