import type { LocalCloud } from '../local/cloud/local-cloud.ts';

/** US dollars for a million, us-east-1, on demand, from AWS's price pages of 2026. */
const perMillion = {
  event: 1.0,
  invocation: 0.2,
  /** 512 MB for 10 ms on arm64, at $0.0000133334 a GB-second. */
  invocationTime: 0.067,
  write: 0.625,
  read: 0.125,
  queueRequest: 0.4,
};

/** Requests to a queue per call: the decision is sent, received and deleted. */
const QUEUE_REQUESTS = 3;

export interface CallCost {
  readonly events: number;
  readonly invocations: number;
  readonly writes: number;
  readonly reads: number;
  /** For a million calls, from the counts of this run. Index writes and item sizes over 1 KB are not in it. */
  readonly dollarsPerMillion: number;
}

type Usage = ReturnType<LocalCloud['usage']>;

const writesOf = (tables: Usage['tables']) => (tables['PutItem'] ?? 0) + (tables['UpdateItem'] ?? 0);
const readsOf = (tables: Usage['tables']) => (tables['GetItem'] ?? 0) + (tables['Query'] ?? 0);

export function costOf(before: Usage, after: Usage, calls: number): CallCost {
  const each = (count: (usage: Usage) => number) => (count(after) - count(before)) / calls;
  const events = each((usage) => usage.events);
  const invocations = each((usage) => usage.invocations);
  const writes = each(({ tables }) => writesOf(tables));
  const reads = each(({ tables }) => readsOf(tables));
  const { event, invocation, invocationTime, write, read, queueRequest } = perMillion;
  const dollarsPerMillion =
    events * event +
    invocations * (invocation + invocationTime) +
    writes * write +
    reads * read +
    QUEUE_REQUESTS * queueRequest;
  return { events, invocations, writes, reads, dollarsPerMillion };
}
