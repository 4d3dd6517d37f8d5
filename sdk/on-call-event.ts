import * as z from 'zod';
import { type EventOf, type EventType, events } from '../contracts/events.ts';
import { type BusEvent, busHandler, UnreadableEvent } from '../functions/bus-handler.ts';
import { derivedId } from '../functions/derived-id.ts';
import { type Log, logOf } from '../functions/log.ts';
import { handledOnce, type Invocation } from './adapters/handled-once.ts';
import { platformOf } from './adapters/platform.ts';
import { type Calls, callsOver } from './calls.ts';
import { LAST_WORDS_MS, withinTime } from './ran-out-of-time.ts';

/** What stands beside an event. */
export interface Surroundings {
  /** JSON lines in the function's log group; payloads do not belong there. */
  readonly log: Log;
  /** Of AWS X-Ray, as the header `X-Amzn-Trace-Id` writes it; the commands that are sent belong to the same trace. */
  readonly trace: string | undefined;
  /** ms since 1970, virtual in the test kit: `expiresAt: new Date(now() + 5_000).toISOString()`. */
  readonly now: () => number;
}

export type Reaction<T extends EventType> = (
  event: EventOf<T>,
  calls: Calls,
  surroundings: Surroundings,
) => unknown;

/** A handler of Lambda, and what a test needs to drive it. */
export interface CallEventFunction<T extends EventType = EventType> {
  (event: unknown, context?: Invocation): Promise<void>;
  readonly types: readonly T[];
  readonly react: Reaction<T>;
}

/**
 * A Lambda handler for events of calls: `export const handler = onCallEvent('dtmf.received', async (event, calls) => …)`.
 *
 * - The event is checked against its schema. One that cannot be read, or of a type that was not asked for, fails at once
 *   with the path of each fault, and ends in the dead-letter queue.
 * - EventBridge may deliver an event twice. The commands that `calls` sends then bear the same ids, and the platform applies
 *   each once, so long as `react` asks for the same things in the same order. Whatever else it does happens once, too, where the
 *   function's CallEventHandler says `once: true`.
 * - Events may come late and in another order than they were said; `seq` and `time` say which.
 * - What `react` throws makes Lambda try again, as the CallEventHandler says, and ends in the dead-letter queue. Half a second
 *   before Lambda would end it, a run fails with RanOutOfTime, which names call and event.
 *
 * @throws Error where a type is no event.
 */
export function onCallEvent<const T extends EventType>(
  types: T | readonly T[],
  react: Reaction<T>,
): CallEventFunction<T> {
  const wanted = typeof types === 'string' ? [types] : [...types];
  const schema = schemaOf(wanted);
  const name = process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'handler';
  const log = logOf(name);
  const once = handledOnce();

  const work = async (detail: unknown, { 'detail-type': type }: BusEvent, run?: Invocation) => {
    const event = detail as EventOf<T>;
    if (event.type !== type)
      throw new UnreadableEvent('The event', [`type: is "${event.type}", and DetailType says "${type}"`]);
    const platform = platformOf();
    const calls = callsOver({ ...platform, idFor: idsOf(event.id, name) });
    const reaction = Promise.resolve(react(event, calls, { log, trace: platform.trace(), now: Date.now }));
    await (run ? withinTime(reaction, event, run.getRemainingTimeInMillis() - LAST_WORDS_MS) : reaction);
    return { outcome: 'handled' };
  };
  const handle = once((event, run) =>
    busHandler(name, schema, (detail, told) => work(detail, told, run), log)(event),
  );
  return Object.assign(handle, { types: wanted, react });
}

/** The same at every delivery of the event: the nth of its kind. */
function idsOf(eventId: string, name: string): (what: string) => string {
  const counts = new Map<string, number>();
  return (what) => {
    const nth = (counts.get(what) ?? 0) + 1;
    counts.set(what, nth);
    return derivedId(eventId, `${name} ${what} ${nth}`);
  };
}

function schemaOf(types: readonly EventType[]): z.ZodType {
  const unknown = types.filter((type) => !Object.hasOwn(events, type));
  if (types.length === 0 || unknown.length > 0) {
    const known = Object.keys(events).join(', ');
    throw new Error(`onCallEvent: ${unknown.join(', ') || 'nothing'} is no event; events are ${known}`);
  }
  const [first, ...others] = types.map((type) => events[type]);
  return first && others.length > 0 ? z.discriminatedUnion('type', [first, ...others]) : (first ?? z.never());
}
