import type { Command } from '../../contracts/commands.ts';
import { sources } from '../../contracts/envelope.ts';
import type { CallScopedEvent, EventType } from '../../contracts/events.ts';
import type { CallState } from '../../core/call-state.ts';
import { derivedId } from '../../functions/derived-id.ts';
import { compilePattern } from '../../local/cloud/event-pattern.ts';
import { callsOver } from '../calls.ts';
import type { EventFilter } from '../cdk/event-filter.ts';
import type { CallEventFunction } from '../on-call-event.ts';
import { arrivals, commandLatencies, type Delivery } from './delivery.ts';
import { SimulatedCall, type SimulatedCallOptions } from './simulated-call.ts';
import { startTime } from './virtual-time.ts';

/** A handler, and the events that its rule lets through: the same as in its CallEventHandler. */
export interface Listener<T extends EventType = EventType> {
  readonly handler: CallEventFunction<T>;
  readonly where?: EventFilter<T>;
}

export interface SimulateCallOptions extends Partial<SimulatedCallOptions> {
  // biome-ignore lint/suspicious/noExplicitAny: handlers of different events stand in one list
  readonly handlers: readonly (CallEventFunction<any> | Listener<any>)[];
  readonly delivery?: Delivery;
  /** Virtual time of the INVITE; 2026-01-31T12:00:00Z by default. */
  readonly startsAt?: Date;
}

/** What a handler threw. In the cloud the event would now be tried again, or be in the dead letters. */
export interface HandlerFailure {
  readonly event: CallScopedEvent;
  readonly error: unknown;
}

/** Steps that have not to do with each other in time are a tenth of a second apart. */
const STEP_MS = 100;

/**
 * A call in virtual time, without SIP and without a cloud: each step says what an edge would say, hands it to the handlers
 * whose types and filters want it, and carries out the commands that they send. Nothing happens until a step lets time pass.
 */
export interface CallSimulation {
  readonly callId: string;
  /** All that was said of the call, in order; handlers may have heard less, later, or twice. */
  readonly events: readonly CallScopedEvent[];
  /** What the handlers asked for, each id once, in order. */
  readonly commands: readonly Command[];
  /** Commands that came again with an id that was known, and changed nothing. */
  readonly repeated: readonly Command[];
  readonly failures: readonly HandlerFailure[];
  /** The record of the call. */
  readonly state: CallState | undefined;
  /** The agent takes the call, after ringing for `afterMs`. */
  isAnswered(afterMs?: number): Promise<void>;
  /** The caller presses these keys, one every `gapMs`. */
  presses(digits: string, gapMs?: number): Promise<void>;
  /** Nothing happens but what is under way. */
  passes(ms: number): Promise<void>;
  hangsUp(who?: 'caller' | 'callee'): Promise<void>;
  /** Until nothing is under way any more: ten minutes at most. */
  settles(): Promise<void>;
}

/** Begins with the INVITE: the call rings. */
export async function simulateCall(options: SimulateCallOptions): Promise<CallSimulation> {
  const { delivery = {} } = options;
  const time = startTime((options.startsAt ?? new Date('2026-01-31T12:00:00Z')).getTime());
  const told: CallScopedEvent[] = [];
  const commands: Command[] = [];
  const repeated: Command[] = [];
  const failures: HandlerFailure[] = [];
  const [arrivalsOf, latency] = [arrivals(delivery), commandLatencies(delivery)];
  const listeners = options.handlers.map(listenerOf);

  const call = new SimulatedCall(time, { ...defaults, ...options }, (event) => {
    told.push(event);
    for (const listener of listeners.filter((each) => each.wants(event)))
      for (const ms of arrivalsOf(event.type)) time.after(ms, () => hear(listener, event));
  });
  const hear = async ({ handler, name }: Heard, event: CallScopedEvent) => {
    const nth = new Map<string, number>();
    const calls = callsOver({
      idFor(what) {
        nth.set(what, (nth.get(what) ?? 0) + 1);
        return derivedId(event.id, `${name} ${what} ${nth.get(what)}`);
      },
      async put(command) {
        const isKnown = commands.some(({ id }) => id === command.id);
        (isKnown ? repeated : commands).push(command);
        time.after(latency(), () => call.take(command));
      },
      load: async (callId) => (callId === call.id ? call.state : undefined),
    });
    try {
      await handler.react(event as never, calls, { log: quiet, trace: undefined });
    } catch (error) {
      failures.push({ event, error });
    }
  };

  call.receive();
  await time.pass(STEP_MS);
  return {
    callId: call.id,
    ...{ events: told, commands, repeated, failures },
    get state() {
      return call.state;
    },
    async isAnswered(afterMs = 1_000) {
      await time.pass(afterMs);
      need(!call.isUp && !call.isOver, 'isAnswered: the call is answered or over already');
      call.answer();
      await time.pass(STEP_MS);
    },
    async presses(digits, gapMs = 300) {
      for (const digit of digits) {
        need(call.isUp, `presses: the call is not up, so nobody can press ${digit}`);
        call.press(digit);
        await time.pass(gapMs);
      }
    },
    passes: (ms) => time.pass(ms),
    async hangsUp(who = 'caller') {
      need(!call.isOver, 'hangsUp: the call is over already');
      const before = who === 'caller' ? 'caller-cancelled' : 'no-answer';
      call.end(call.isUp ? `${who}-hangup` : before);
      await time.pass(STEP_MS);
    },
    settles: () => time.pass(600_000),
  };
}

const defaults: SimulatedCallOptions = {
  ...{ from: '+15550199', to: '+15550100', agent: 'agent', trunk: 'carrier' },
  ...{ recordings: {}, transferTo: () => 'answered', ringMs: 2_000 },
};

function need(isSo: boolean, message: string): void {
  if (!isSo) throw new Error(message);
}

const quiet = { debug: () => undefined, info: () => undefined, error: () => undefined };

interface Heard {
  readonly handler: CallEventFunction;
  /** Tells the handlers apart, as the names of functions do. */
  readonly name: string;
  wants(event: CallScopedEvent): boolean;
}

function listenerOf(given: CallEventFunction | Listener, index: number): Heard {
  const { handler, where } = 'react' in given ? { handler: given, where: undefined } : given;
  const matches = where === undefined ? () => true : compilePattern(where, `handlers.${index}.where`);
  return {
    handler,
    name: `handler ${index}`,
    wants: (event) => handler.types.includes(event.type) && matches(event),
  };
}

/** What stands on the bus as the source of such events: for tests that invoke a handler by themselves. */
export const busEventOf = (event: CallScopedEvent) => ({
  version: '0',
  id: event.id,
  source: sources.edge,
  'detail-type': event.type,
  time: event.time,
  detail: event,
});
