import {
  EventBridgeClient,
  EventBridgeServiceException,
  PutEventsCommand,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import { traceOfCall } from '../../core/trace-of-call.ts';
import type { BusEntry, EntryOutcome, EventBus } from '../ports.ts';
import { type AwsIdentity, awsClient } from './aws-client.ts';

export interface EventBridgeOptions extends AwsIdentity {
  readonly busName: string;
  /** Of the calls, 0 to 1, those whose traces AWS X-Ray keeps. */
  readonly tracedShare?: number;
  readonly client?: EventBridgeClient;
}

/** PutEvents on one bus. A request that is refused as a whole for its content is an outcome of each of its entries. */
export function eventBridgeBus(options: EventBridgeOptions): EventBus {
  const { busName, tracedShare = 0, client, ...identity } = options;
  // Without it the SDK puts its middleware together anew for each call: a sixth of what PutEvents costs, measured.
  const bridge = client ?? new EventBridgeClient({ ...awsClient(identity), cacheMiddleware: true });
  return {
    async put(entries) {
      try {
        const { Entries = [] } = await bridge.send(putEvents(busName, tracedShare, entries));
        return entries.map((_entry, index) => outcomeOf(Entries[index]));
      } catch (error) {
        if (!refusesContent(error)) throw error;
        return entries.map(() => ({ ok: false, code: 'ValidationException', message: error.message }));
      }
    },
  };
}

const putEvents = (busName: string, tracedShare: number, entries: readonly BusEntry[]) =>
  new PutEventsCommand({
    Entries: entries.map(({ source, detailType, time, detail, callId }) => ({
      EventBusName: busName,
      Source: source,
      DetailType: detailType,
      Time: new Date(time),
      Detail: detail,
      ...(callId === undefined ? {} : { TraceHeader: traceOfCall(callId, tracedShare) }),
    })),
  });

function outcomeOf(result: PutEventsResultEntry | undefined): EntryOutcome {
  const { EventId, ErrorCode, ErrorMessage } = result ?? {};
  if (EventId !== undefined && ErrorCode === undefined) return { ok: true };
  return {
    ok: false,
    code: ErrorCode ?? 'NoOutcome',
    message: ErrorMessage ?? 'PutEvents said nothing of this entry',
  };
}

/** Only the content: credentials, permissions or a missing bus can be mended, and then the same entries are fine. */
const refusesContent = (error: unknown): error is EventBridgeServiceException =>
  error instanceof EventBridgeServiceException &&
  (['ValidationException', 'SerializationException', 'PutEventsRequestEntryTooLarge'].includes(error.name) ||
    error.$metadata.httpStatusCode === 413);
