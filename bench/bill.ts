import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import type { Metered } from '../local/cloud/meter.ts';

const dollars = z.number().nonnegative();
const source = z.url();

const Prices = z.strictObject({
  region: z.string(),
  eventbridge: z.strictObject({ source, perMillionEvents: dollars, archivePerGb: dollars }),
  lambda: z.strictObject({
    source,
    perMillionRequests: dollars,
    perGbSecond: dollars,
    /** No price: what a call of the AWS SDK takes in a region beyond what it takes on this machine, ms. */
    regionMsPerSdkCall: z.number().nonnegative(),
  }),
  xray: z.strictObject({
    source,
    perMillionTraces: dollars,
    /** No price: of the calls, those whose traces edges have kept (TRUNKLINE_TRACED_SHARE). */
    tracedShare: z.number().min(0).max(1),
  }),
  dynamodb: z.strictObject({ source, perMillionWriteUnits: dollars, perMillionReadUnits: dollars }),
  sqs: z.strictObject({ source, perMillionRequests: dollars }),
  cloudwatch: z.strictObject({ source, logsPerGb: dollars }),
});
export type Prices = z.infer<typeof Prices>;

/** @throws Error that names every price that is missing or none. */
export function readPrices(file: string | URL): Prices {
  const read = Prices.safeParse(parse(readFileSync(file, 'utf8')));
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`${String(file)}: ${faults.join('; ')}`);
}

/** Counts for one call, or one hour: whatever they are divided by. */
export interface Counts {
  readonly events: number;
  readonly eventBytes: number;
  readonly runs: number;
  readonly gbSeconds: number;
  /** Calls of the AWS SDK by functions, times the memory of each, GB. */
  readonly gbSdkCalls: number;
  readonly sdkCalls: number;
  readonly tracesTold: number;
  readonly tracesBegun: number;
  readonly logBytes: number;
  readonly writeUnits: number;
  readonly indexWriteUnits: number;
  readonly readUnits: number;
  readonly queueRequests: number;
}

const totals = ({ events, functions, tables, queueRequests, traces }: Metered): Counts => {
  const each = Object.values(functions);
  const sum = (of: (one: (typeof each)[number]) => number) => each.reduce((total, one) => total + of(one), 0);
  return {
    events: events.units,
    eventBytes: events.bytes,
    runs: sum(({ runs }) => runs),
    gbSeconds: sum(({ ms, memoryMb }) => (ms / 1000) * (memoryMb / 1024)),
    gbSdkCalls: sum(({ sdkCalls, memoryMb }) => sdkCalls * (memoryMb / 1024)),
    sdkCalls: sum(({ sdkCalls }) => sdkCalls),
    tracesTold: traces.told,
    tracesBegun: traces.begun,
    logBytes: sum(({ logBytes }) => logBytes),
    ...tables,
    queueRequests,
  };
};

/** What was counted between two readings, for each of `divisor` calls. */
export function countsBetween(before: Metered, after: Metered, divisor: number): Counts {
  const [from, to] = [totals(before), totals(after)];
  const names = Object.keys(to) as (keyof Counts)[];
  return Object.fromEntries(
    names.map((name) => [name, (to[name] - from[name]) / divisor]),
  ) as unknown as Counts;
}

/** US dollars of a million such calls, by service. */
export function dollarsPerMillion(counts: Counts, prices: Prices): Readonly<Record<string, number>> {
  const { eventbridge, lambda, dynamodb, sqs, cloudwatch, xray } = prices;
  const million = 1_000_000;
  const gigabytes = (bytes: number) => (bytes * million) / 1024 ** 3;
  return {
    EventBridge:
      counts.events * eventbridge.perMillionEvents + gigabytes(counts.eventBytes) * eventbridge.archivePerGb,
    Lambda:
      counts.runs * lambda.perMillionRequests +
      (counts.gbSeconds + (counts.gbSdkCalls * lambda.regionMsPerSdkCall) / 1000) *
        million *
        lambda.perGbSecond,
    DynamoDB:
      (counts.writeUnits + counts.indexWriteUnits) * dynamodb.perMillionWriteUnits +
      counts.readUnits * dynamodb.perMillionReadUnits,
    SQS: counts.queueRequests * sqs.perMillionRequests,
    // What Lambda samples by itself is at least one trace a second: with few calls that is every one.
    'X-Ray': (counts.tracesTold * xray.tracedShare + counts.tracesBegun) * xray.perMillionTraces,
    Logs: gigabytes(counts.logBytes) * cloudwatch.logsPerGb,
  };
}

export const sumOf = (parts: Readonly<Record<string, number>>): number =>
  Object.values(parts).reduce((total, part) => total + part, 0);
