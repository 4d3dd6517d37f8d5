import { Counter, Gauge, Registry, Summary } from 'prom-client';
import * as z from 'zod';
import type { LocalService } from './api.ts';

/** A line of a log in embedded metric format (Amazon CloudWatch User Guide, "Specification: Embedded metric format"). */
const Line = z.looseObject({
  _aws: z.object({
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string(), Unit: z.string().optional() })),
      }),
    ),
  }),
});

/** What CloudWatch would know of functions and queues, as Prometheus reads it: `GET /metrics`. */
export interface ToldMetrics extends LocalService {
  run(name: string, ms: number, isOk: boolean): void;
  /** A line of a function's log, which may tell metrics. */
  log(line: string): void;
}

export function createToldMetrics(
  queues: () => readonly { readonly name: string; readonly depth: number }[],
): ToldMetrics {
  const registry = new Registry();
  const registers = [registry];
  const runs = new Counter({
    ...{
      name: 'aws_lambda_invocations_total',
      help: 'Runs of a function',
      labelNames: ['function'],
      registers,
    },
  });
  const errors = new Counter({
    ...{ name: 'aws_lambda_errors_total', help: 'Runs that failed', labelNames: ['function'], registers },
  });
  const durations = new Summary({
    ...{ name: 'aws_lambda_duration_seconds', help: 'Their time', labelNames: ['function'], registers },
    percentiles: [0.5, 0.99],
  });
  new Gauge({
    ...{ name: 'aws_sqs_messages_visible', help: 'Messages in a queue', labelNames: ['queue'], registers },
    collect() {
      for (const { name, depth } of queues()) this.set({ queue: name }, depth);
    },
  });
  const told = new Map<string, Counter | Summary>();
  const add = (name: string, labels: Record<string, string>, value: number, isCount: boolean) => {
    const options = { name, help: 'Told by functions', labelNames: Object.keys(labels), registers };
    const known = told.get(name) ?? (isCount ? new Counter(options) : new Summary(options));
    told.set(name, known);
    if (known instanceof Counter) known.inc(labels, value);
    else known.observe(labels, value);
  };
  return {
    name: 'CloudWatch',
    target: '/metrics',
    emulates: [],
    async start() {},
    needs: () => [],
    handle: async () => ({
      status: 200,
      body: await registry.metrics(),
      headers: { 'Content-Type': registry.contentType },
    }),
    async [Symbol.asyncDispose]() {},
    run(name, ms, isOk) {
      runs.inc({ function: name });
      durations.observe({ function: name }, ms / 1000);
      if (!isOk) errors.inc({ function: name });
    },
    log(text) {
      const line = lineOf(text);
      for (const { Namespace, Dimensions, Metrics } of line?._aws.CloudWatchMetrics ?? [])
        for (const { Name, Unit } of Metrics)
          for (const [index, dimensions] of Dimensions.entries()) {
            const value = Number(line?.[Name]);
            if (!Number.isFinite(value)) continue;
            const isCount = Unit === 'Count' && value >= 0;
            // Each set of dimensions is a metric of its own in CloudWatch; Prometheus wants one name for one set.
            const name = [Namespace, Name].map(snake).join('_') + (index > 0 ? `_${index}` : '');
            const labels = Object.fromEntries(dimensions.map((each) => [snake(each), String(line?.[each])]));
            add(isCount ? `${name}_total` : name, labels, value, isCount);
          }
    },
  };
}

function lineOf(text: string): z.infer<typeof Line> | undefined {
  if (!text.includes('"_aws"')) return undefined;
  try {
    return Line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

const snake = (name: string) =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/\W+/g, '_')
    .toLowerCase();
