import { setImmediate as turn } from 'node:timers/promises';
import type { CallScopedEvent } from '../../contracts/events.ts';
import type { Calls } from '../calls.ts';
import type { CallEventFunction } from '../on-call-event.ts';
import { LAST_WORDS_MS, RanOutOfTime } from '../ran-out-of-time.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How Lambda runs a handler: as its CallEventHandler says, ms. */
export interface RunRules {
  /** What comes again, during the first run or after it, does nothing. */
  readonly once: boolean;
  /** After a run that failed. */
  readonly reruns: number;
  readonly maxEventAgeMs: number;
  readonly timeoutMs: number;
}

/** As the props of CallEventHandler have it by default. */
export const defaultRules: RunRules = { once: false, reruns: 0, maxEventAgeMs: 60_000, timeoutMs: 10_000 };

/** What went wrong with an event. */
export interface HandlerFailure {
  readonly event: CallScopedEvent;
  readonly error: unknown;
}

export interface RunPorts {
  readonly time: VirtualTime;
  readonly failures: HandlerFailure[];
  readonly deadLetters: HandlerFailure[];
  callsFor(event: CallScopedEvent, run: Run): Calls;
}

/** Lambda's first rerun comes after a minute, the second two minutes later, ms. */
const RERUN_MS = 60_000;

/** Real time in which a handler that waits neither for `calls` nor for anything else comes on, ms: a database of a test, say. */
const PATIENCE_MS = 1_000;

/** A test may have put a clock of its own in this one's place. */
const realNow = performance.now.bind(performance);

const quietLog = { debug: () => undefined, info: () => undefined, error: () => undefined };

/** One run of a handler. While it waits for virtual time to pass, others run. */
export class Run {
  readonly #time: VirtualTime;
  #sleeping = 0;
  isOver = false;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  sleep(ms: number): Promise<void> {
    if (ms <= 0) return Promise.resolve();
    this.#sleeping += 1;
    return new Promise((resolve) => {
      this.#time.after(ms, () => {
        this.#sleeping -= 1;
        resolve();
        return this.rests();
      });
    });
  }

  /** Until it is over, waits for virtual time, or does not come on: then it hangs, and virtual time goes on without it. */
  async rests(): Promise<void> {
    for (const since = realNow(); !this.isOver && realNow() - since < PATIENCE_MS; ) {
      await turn();
      if (this.#sleeping > 0) return;
    }
  }
}

/** Hands events to a handler as EventBridge and Lambda do; resolves as soon as virtual time may go on. */
export function runsOf(handler: CallEventFunction, rules: RunRules, ports: RunPorts) {
  const { time, failures, deadLetters } = ports;
  const begun = new Set<string>();
  const fail = (event: CallScopedEvent, error: unknown, reruns: number) => {
    failures.push({ event, error });
    begun.delete(event.id);
    const wait = RERUN_MS * 2 ** reruns;
    if (reruns < rules.reruns && ageOf(event, time) + wait <= rules.maxEventAgeMs)
      time.after(wait, () => attempt(event, reruns + 1));
    else deadLetters.push({ event, error });
  };
  const attempt = (event: CallScopedEvent, reruns: number): Promise<void> => {
    if (rules.once && begun.has(event.id)) return Promise.resolve();
    begun.add(event.id);
    const run = new Run(time);
    const end = (failed?: { readonly error: unknown }) => {
      if (run.isOver) return;
      run.isOver = true;
      forget();
      if (failed) fail(event, failed.error, reruns);
    };
    const ms = rules.timeoutMs - LAST_WORDS_MS;
    const forget = time.after(ms, () => end({ error: new RanOutOfTime(event, ms) }));
    const react = async () => {
      const surroundings = { log: quietLog, trace: undefined, now: time.now };
      await handler.react(event as never, ports.callsFor(event, run), surroundings);
    };
    react().then(
      () => end(),
      (error: unknown) => end({ error }),
    );
    return run.rests();
  };
  return (event: CallScopedEvent): Promise<void> => {
    const age = ageOf(event, time);
    if (age <= rules.maxEventAgeMs) return attempt(event, 0);
    const error = new Error(`${event.type} came ${age} ms late: maxEventAge is ${rules.maxEventAgeMs} ms`);
    deadLetters.push({ event, error });
    return Promise.resolve();
  };
}

const ageOf = ({ time: said }: CallScopedEvent, time: VirtualTime) => time.now() - Date.parse(said);
