import { Duration } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { formula } from './metrics.ts';
import type { Watched } from './watched.ts';

/** us-east-1, on demand, as in bench/prices.yaml. Each run comes with an event that caused it. */
const dollars = { run: 0.2e-6, gbMs: 0.0000133334 / 1000, unit: 0.625e-6, readUnit: 0.125e-6, event: 1e-6 };
const MEMORY_GB = 0.5;

/** Of the control plane, an hour at the present rate: runs and their time, events, and what the tables wrote and read. */
export function controlPlaneCost({ functions, tables }: Pick<Watched, 'functions' | 'tables'>): IMetric {
  const period = Duration.minutes(5);
  const hour = 12;
  const parts: Record<string, IMetric> = {};
  const terms: string[] = [];
  const add = (name: string, metric: IMetric, price: number) => {
    parts[name] = metric;
    terms.push(`${name}*${price.toExponential(4)}`);
  };
  for (const [index, lambda] of Object.values(functions).entries()) {
    add(`r${index}`, lambda.metricInvocations({ period, statistic: 'Sum' }), dollars.run + dollars.event);
    add(`d${index}`, lambda.metricDuration({ period, statistic: 'Sum' }), dollars.gbMs * MEMORY_GB);
  }
  for (const [index, table] of Object.values(tables).entries()) {
    add(`w${index}`, table.metricConsumedWriteCapacityUnits({ period, statistic: 'Sum' }), dollars.unit);
    add(`u${index}`, table.metricConsumedReadCapacityUnits({ period, statistic: 'Sum' }), dollars.readUnit);
  }
  return formula(`${hour}*(${terms.join('+')})`, parts, 'dollars an hour', period);
}
