import type { Command } from '../../contracts/commands.ts';
import { sources } from '../../contracts/envelope.ts';
import type { LegName } from '../../contracts/events/call.ts';
import type { CallScopedEvent, EventType } from '../../contracts/events.ts';
import type { CallState } from '../../core/call-state.ts';
import { compilePattern } from '../../local/cloud/event-pattern.ts';
import type { EventFilter } from '../cdk/event-filter.ts';
import type { CallEventFunction } from '../on-call-event.ts';
import { type ClientsFor, clientsOf } from './clients.ts';
import { arrivals, type Delivery } from './delivery.ts';
import { defaultRules, type HandlerFailure, type RunPorts, type RunRules, runsOf } from './handler-runs.ts';
import { SimulatedCall, type SimulatedCallOptions } from './simulated-call.ts';
import { startTime } from './virtual-time.ts';

/** A handler, the events that its rule lets through, and how it is run: the same as in its CallEventHandler. */
export interface Listener<T extends EventType = EventType> extends Partial<RunRules> {
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
  /** What handlers threw, and which runs took longer than their `timeoutMs`. */
  readonly failures: readonly HandlerFailure[];
  /** Events that were given up: after the last rerun, or older than `maxEventAgeMs`. */
  readonly deadLetters: readonly HandlerFailure[];
  /** The record of the call. */
  readonly state: CallState | undefined;
  /** The agent takes the call, after ringing for `afterMs`. */
  isAnswered(afterMs?: number): Promise<void>;
  /** The caller, or the agent (`b`), presses these keys, one every `gapMs`. */
  presses(digits: string, gapMs?: number, leg?: LegName): Promise<void>;
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
  const deadLetters: HandlerFailure[] = [];
  const arrivalsOf = arrivals(delivery);

  const call = new SimulatedCall(time, { ...defaults, ...options }, (event) => {
    told.push(event);
    for (const listener of listeners.filter((each) => each.wants(event)))
      for (const ms of arrivalsOf(event.type)) time.after(ms, () => listener.hear(event));
  });
  const callsFor = clientsOf({ call: () => call, time, delivery, commands, repeated });
  const listeners = options.handlers.map((given, index) =>
    listenerOf(given, index, { time, failures, deadLetters, callsFor }),
  );

  call.receive();
  await time.pass(STEP_MS);
  return {
    callId: call.id,
    ...{ events: told, commands, repeated, failures, deadLetters },
    get state() {
      return call.state;
    },
    async isAnswered(afterMs = 1_000) {
      await time.pass(afterMs);
      need(!call.isUp && !call.isOver, 'isAnswered: the call is answered or over already');
      call.answer();
      await time.pass(STEP_MS);
    },
    async presses(digits, gapMs = 300, leg = 'a') {
      for (const digit of digits) {
        need(call.isUp, `presses: the call is not up, so nobody can press ${digit}`);
        call.press(digit, leg);
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

interface Heard {
  wants(event: CallScopedEvent): boolean;
  hear(event: CallScopedEvent): Promise<void>;
}

interface ListenerPorts extends Omit<RunPorts, 'callsFor'> {
  /** `name` tells the handlers apart, as the names of functions do. */
  readonly callsFor: ClientsFor;
}

function listenerOf(
  given: CallEventFunction | Listener,
  index: number,
  { callsFor, ...ports }: ListenerPorts,
): Heard {
  const { handler, where, ...rules } = 'react' in given ? { handler: given, where: undefined } : given;
  const matches = where === undefined ? () => true : compilePattern(where, `handlers.${index}.where`);
  const name = `handler ${index}`;
  return {
    wants: (event) => handler.types.includes(event.type) && matches(event),
    hear: runsOf(
      handler,
      { ...defaultRules, ...rules },
      {
        ...ports,
        callsFor: (event, run) => callsFor(name, event, run),
      },
    ),
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
