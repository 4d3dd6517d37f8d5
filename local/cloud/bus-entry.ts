import { randomUUID } from 'node:crypto';
import { busNamed } from './bus-rule.ts';
import type { Faults } from './faults.ts';
import { isObject } from './pattern-operators.ts';

/** An event as EventBridge hands it to a target. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

/** An entry of PutEvents. Time in seconds since the epoch. */
export interface Entry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly EventBusName?: string;
  readonly Resources?: readonly string[];
  readonly Time?: number;
  /** As X-Amzn-Trace-Id writes it; it goes to targets beside the event. */
  readonly TraceHeader?: string;
}

const MAX_ENTRY_BYTES = 256 * 1024;

/** The event that an entry becomes, put at `now`, epoch ms. */
export function eventOf(entry: Entry, place: { region: string; accountId: string }, now: number): BusEvent {
  const time = new Date(entry.Time === undefined ? now : entry.Time * 1000);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': entry.DetailType ?? '',
    source: entry.Source ?? '',
    account: place.accountId,
    time: time.toISOString().replace(/\.\d{3}Z$/, 'Z'),
    region: place.region,
    resources: entry.Resources ?? [],
    detail: JSON.parse(entry.Detail ?? ''),
  };
}

/** Why an entry is not taken; each is refused by itself. */
export function refusalOf(
  entry: Entry,
  buses: ReadonlySet<string>,
  faults: Faults,
): { ErrorCode: string; ErrorMessage: string } | undefined {
  const refuse = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });
  if (faults.refuseEntry?.(entry.Detail ?? '')) return refuse('ThrottlingException', 'Rate exceeded');
  if (!entry.Source || !entry.DetailType)
    return refuse('InvalidArgument', 'Source and DetailType are required');
  if (Buffer.byteLength(entry.Detail ?? '') > MAX_ENTRY_BYTES)
    return refuse('InvalidArgument', 'an entry of over 256 KB');
  if (!buses.has(busNamed(entry.EventBusName)))
    return refuse('InvalidArgument', `there is no event bus ${busNamed(entry.EventBusName)}`);
  try {
    return isObject(JSON.parse(entry.Detail ?? ''))
      ? undefined
      : refuse('MalformedDetail', 'Detail must be a JSON object');
  } catch {
    return refuse('MalformedDetail', 'Detail is malformed.');
  }
}
