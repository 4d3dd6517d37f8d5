import type { Command } from '../../contracts/commands.ts';
import type { CallScopedEvent } from '../../contracts/events.ts';
import { derivedId } from '../../functions/derived-id.ts';
import { type Calls, callsOver } from '../calls.ts';
import { callsDelays, commandLatencies, type Delivery } from './delivery.ts';
import type { Run } from './handler-runs.ts';
import type { SimulatedCall } from './simulated-call.ts';
import type { VirtualTime } from './virtual-time.ts';

interface ClientParts {
  readonly call: () => SimulatedCall;
  readonly time: VirtualTime;
  readonly delivery: Delivery;
  /** Each id once. */
  readonly commands: Command[];
  readonly repeated: Command[];
}

/** The `calls` of one run; `name` tells the handlers apart, as the names of functions do. */
export type ClientsFor = (name: string, event: CallScopedEvent, run: Run) => Calls;

/** What handlers are given as `calls`: commands travel to the simulated call, and its record lags. */
export function clientsOf({ call, time, delivery, commands, repeated }: ClientParts): ClientsFor {
  const latency = commandLatencies(delivery);
  const { callsMs, recordLagMs } = callsDelays(delivery);
  return (name, event, run) => {
    const nth = new Map<string, number>();
    /** A run that is over is frozen by Lambda, and does not come on. */
    const inTime = async () => {
      await run.sleep(callsMs);
      if (run.isOver) await new Promise(() => undefined);
    };
    return callsOver({
      idFor(what) {
        nth.set(what, (nth.get(what) ?? 0) + 1);
        return derivedId(event.id, `${name} ${what} ${nth.get(what)}`);
      },
      async put(command) {
        await inTime();
        const isKnown = commands.some(({ id }) => id === command.id);
        (isKnown ? repeated : commands).push(command);
        time.after(latency(), () => call().take(command));
      },
      async load(callId) {
        await inTime();
        return callId === call().id ? call().stateAt(time.now() - recordLagMs) : undefined;
      },
    });
  };
}
