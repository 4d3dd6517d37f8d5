import { dimensions, type EdgeMetric, edgeMetrics, type Label } from '../contracts/edge-metrics.ts';
import { metrics as names } from '../contracts/metrics.ts';

/** As prom-client counts. */
interface MetricValue {
  readonly labels: object;
  readonly value: number;
  /** Of a histogram: NAME_bucket, NAME_sum, NAME_count. */
  readonly metricName?: string | undefined;
}
interface MetricFamily {
  readonly name: string;
  /** counter, gauge, histogram */
  readonly type: unknown;
  readonly values: readonly MetricValue[];
}

/** A distribution as CloudWatch takes it in embedded metric format: so often each of these values. */
interface Distribution {
  readonly Values: readonly number[];
  readonly Counts: readonly number[];
  readonly Count: number;
  readonly Sum: number;
  readonly Min: number;
  readonly Max: number;
}

type Values = readonly MetricValue[];
type Labels = Readonly<Record<string, string | number | undefined>>;

/** Metrics with the same dimensions and the same values of these: one line of the log. */
interface Line {
  readonly dimensions: Record<string, string>;
  readonly metrics: { Name: string; Unit: string }[];
  readonly values: Record<string, number | Distribution>;
}

/** A line may hold so many (Amazon CloudWatch User Guide, "Specification: Embedded metric format"). */
const MOST_METRICS = 100;

export interface EmfOptions {
  /** Name of the platform. */
  readonly fleet: string;
  /** Name of the edge or of the gateway. */
  readonly own: { readonly [L in Label]?: string };
}

/**
 * Tells what /metrics shows at a time, ms since 1970, in embedded metric format, one JSON a line: CloudWatch makes metrics of such lines of a log. Each
 * call tells what was added to counters and distributions since the one before, and gauges as they stand. Nothing is told of
 * what nobody counted.
 */
export function createEmf({
  fleet,
  own,
}: EmfOptions): (shown: readonly MetricFamily[], now: number) => readonly string[] {
  const told = new Map<string, number>();
  const added = (key: string, value: number) => {
    const more = value - (told.get(key) ?? 0);
    told.set(key, value);
    return more;
  };
  return (shown, now) => {
    const families = new Map(shown.map((family) => [family.name, family] as const));
    const lines = new Map<string, Line>();
    for (const [name, metric] of Object.entries(edgeMetrics) as [string, EdgeMetric][]) {
      const family = families.get(metric.from);
      if (!family) continue;
      for (const by of metric.by)
        for (const [group, values] of grouped(family.values, by, own)) {
          const value = toldOf(String(family.type), values, (part, total) =>
            added(`${name} ${by.join()} ${group} ${part}`, total),
          );
          if (value === undefined) continue;
          const line = lineFor(lines, { [names.fleet]: fleet, ...JSON.parse(group) });
          line.metrics.push({ Name: name, Unit: metric.unit });
          line.values[name] = value;
        }
    }
    return [...lines.values()].map((line) => written(line, now));
  };
}

/** Values of one metric by those of its labels that count here, as JSON of the dimensions. */
function grouped(values: Values, by: readonly Label[], own: EmfOptions['own']): Map<string, MetricValue[]> {
  const groups = new Map<string, MetricValue[]>();
  for (const value of values) {
    const labels: Labels = { ...(value.labels as Labels), ...own };
    // CloudWatch knows no empty dimension: the targets of agents have no trunk.
    const pairs = by.map((label) => [dimensions[label], String(labels[label] ?? '') || '-']);
    const key = JSON.stringify(Object.fromEntries(pairs));
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}

type Added = (part: string, total: number) => number;

function toldOf(type: string, values: Values, added: Added): number | Distribution | undefined {
  const sum = values.reduce((total, { value }) => total + value, 0);
  if (type === 'gauge') return sum;
  if (type === 'counter') return added('count', sum) || undefined;
  return distributionOf(values, added);
}

/** Every observation counts as the upper end of its bucket; what lies above the last bucket as that one's. */
function distributionOf(values: Values, added: Added): Distribution | undefined {
  const totals = new Map<string, number>();
  for (const { metricName = '', labels, value } of values) {
    const part = metricName.endsWith('_bucket')
      ? String((labels as Labels)['le'])
      : metricName.replace(/.*_/, '');
    totals.set(part, (totals.get(part) ?? 0) + value);
  }
  const ends = [...totals.keys()].filter((part) => !Number.isNaN(Number(part))).map(Number);
  const buckets: (readonly [value: number, count: number])[] = [];
  let below = 0;
  for (const end of ends.sort((a, b) => a - b)) {
    const total = added(`le ${end}`, totals.get(String(end)) ?? 0);
    if (total > below) buckets.push([end, total - below]);
    below = total;
  }
  const [Count, Sum] = [added('count', totals.get('count') ?? 0), added('sum', totals.get('sum') ?? 0)];
  if (Count > below) buckets.push([ends.at(-1) ?? 0, Count - below]);
  if (Count === 0) return undefined;
  const Values = buckets.map(([value]) => value);
  const Counts = buckets.map(([, count]) => count);
  return { Values, Counts, Count, Sum, Min: Math.min(...Values), Max: Math.max(...Values) };
}

function lineFor(lines: Map<string, Line>, own: Record<string, string>): Line {
  const plain = JSON.stringify(own);
  for (let part = 0; ; part += 1) {
    const key = `${plain} ${part}`;
    const line = lines.get(key) ?? { dimensions: own, metrics: [], values: {} };
    lines.set(key, line);
    if (line.metrics.length < MOST_METRICS) return line;
  }
}

const written = ({ dimensions: own, metrics, values }: Line, Timestamp: number): string =>
  JSON.stringify({
    _aws: {
      Timestamp,
      CloudWatchMetrics: [{ Namespace: names.namespace, Dimensions: [Object.keys(own)], Metrics: metrics }],
    },
    ...own,
    ...values,
  });
