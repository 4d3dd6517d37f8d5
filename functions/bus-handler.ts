import * as z from 'zod';
import { type Facts, type Log, logOf } from './log.ts';

/** What EventBridge hands to a function; `detail` is ours, the rest is the bus's. */
const BusEvent = z.object({
  id: z.string(),
  source: z.string(),
  'detail-type': z.string(),
  /** When it was put on the bus. */
  time: z.iso.datetime(),
  detail: z.unknown(),
});
export type BusEvent = z.infer<typeof BusEvent>;

/** What became of an event. `routine` outcomes are logged at DEBUG, all others at INFO, so that they can be counted. */
export interface Outcome {
  readonly outcome: string;
  readonly routine?: boolean;
  readonly facts?: Facts;
}

/** An event that no retry can make readable: it belongs in the dead-letter queue. */
export class UnreadableEvent extends Error {
  readonly faults: readonly string[];
  constructor(what: string, faults: readonly string[]) {
    super(`${what} is not readable: ${faults.join('; ')}`);
    this.name = 'UnreadableEvent';
    this.faults = faults;
  }
}

/**
 * The door of every function behind a rule. Parses, hands on, logs what came of it in one line.
 * Throws {@link UnreadableEvent} with the path of each bad field, or whatever `work` throws: the event is then tried again
 * and ends in the dead-letter queue.
 */
export function busHandler<T extends z.ZodType>(
  name: string,
  detail: T,
  work: (detail: z.output<T>, event: BusEvent) => Promise<Outcome>,
  log: Log = logOf(name),
): (event: unknown) => Promise<void> {
  return async (input) => {
    let about: Facts = {};
    try {
      const event = readable(BusEvent, input, 'The invocation');
      about = aboutOf(event);
      const { outcome, routine, facts } = await work(readable(detail, event.detail, 'The event'), event);
      (routine ? log.debug : log.info)(outcome, { ...about, ...facts, outcome });
    } catch (error) {
      const { name: kind, message } = error instanceof Error ? error : new Error(String(error));
      log.error(message, {
        ...about,
        outcome: error instanceof UnreadableEvent ? 'unreadable' : 'failed',
        error: kind,
      });
      throw error;
    }
  };
}

/** zod's messages name types and limits but never the value found, which may be a digit or a secret. */
function readable<T extends z.ZodType>(schema: T, input: unknown, what: string): z.output<T> {
  const read = schema.safeParse(input);
  if (read.success) return read.data;
  throw new UnreadableEvent(
    what,
    read.error.issues.map((issue) => `${issue.path.join('.') || '(message)'}: ${issue.message}`),
  );
}

const Named = z.object({ callId: z.string().max(64), seq: z.number(), id: z.string().max(64) }).partial();

function aboutOf(event: BusEvent): Facts {
  const named = Named.safeParse(event.detail).data;
  return {
    busEventId: event.id,
    source: event.source,
    type: event['detail-type'],
    eventId: named?.id,
    callId: named?.callId,
    seq: named?.seq,
  };
}
