import {
  GraphWidget,
  type IMetric,
  type IWidget,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';

const WIDE = 12;
const HIGH = 6;

export const graph = (
  title: string,
  left: readonly IMetric[],
  right: readonly IMetric[] = [],
  width = WIDE,
): IWidget =>
  new GraphWidget({
    ...{ title, left: [...left], right: [...right], width, height: HIGH },
    leftYAxis: { min: 0 },
  });

export const number = (title: string, ...metrics: IMetric[]): IWidget =>
  new SingleValueWidget({ title, metrics, width: 6, height: 4, setPeriodToTimeRange: false });

export const text = (markdown: string): IWidget => new TextWidget({ markdown, width: 24, height: 2 });
