import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { sources } from '../../contracts/envelope.ts';
import type { TrunklineEvent } from '../../contracts/events.ts';
import type { Announcements } from '../ports.ts';
import { currentTrace } from './trace.ts';

/** Entries of one PutEvents. */
const batch = 10;

/** PutEvents can fail entry by entry: any entry that was not taken is an error, and its function runs again. */
export function eventBridgeAnnouncements(client: EventBridgeClient, busName: string): Announcements {
  const entryOf = (event: TrunklineEvent, TraceHeader: string | undefined) => ({
    EventBusName: busName,
    Source: sources.control,
    DetailType: event.type,
    Time: new Date(event.time),
    Detail: JSON.stringify(event),
    ...(TraceHeader === undefined ? {} : { TraceHeader }),
  });
  return {
    async say(events) {
      const trace = currentTrace();
      for (let start = 0; start < events.length; start += batch) {
        const taken = await client.send(
          new PutEventsCommand({
            Entries: events.slice(start, start + batch).map((event) => entryOf(event, trace)),
          }),
        );
        if (!taken.FailedEntryCount) continue;
        const codes = new Set(taken.Entries?.flatMap(({ ErrorCode }) => ErrorCode ?? []));
        throw new Error(
          `${taken.FailedEntryCount} events were not taken by bus ${busName}: ${[...codes].join(', ')}`,
        );
      }
    },
  };
}
