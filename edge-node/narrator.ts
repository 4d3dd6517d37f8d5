import type { EdgeRef } from '../contracts/envelope.ts';
import type { EventOf, TrunklineEvent } from '../contracts/events.ts';
import type { Clock, Metrics, Outbox, Payload, SayOfCall } from './ports.ts';

/** Turns what happens into events. One event feeds outbox and metrics, so they cannot disagree. */
export interface Narrator {
  readonly edge: EdgeRef;
  /** The voice of one call: numbers its events from 0 without a gap. */
  forCall(callId: string): SayOfCall;
  /** An event about a call that is not here (any more): it has no seq. */
  sayFor(callId: string, type: 'command.refused', payload: Payload<'command.refused'>): void;
  /** An event of the edge itself. */
  say<T extends TrunklineEvent['type']>(type: T, payload: Payload<T>): void;
}

export interface NarratorParts {
  readonly edge: EdgeRef;
  /** URL of this edge's queue; it goes with the events to which somebody must answer. */
  readonly replyTo: string;
  readonly outbox: Pick<Outbox, 'record'>;
  readonly metrics: Pick<Metrics, 'observe'>;
  readonly clock: Clock;
}

export function createNarrator({ edge, replyTo, outbox, metrics, clock }: NarratorParts): Narrator {
  const stamp = <T extends string>(type: T) =>
    ({ version: 1, id: clock.newId(), type, time: new Date(clock.now()).toISOString(), edge }) as const;
  const answerable = new Set<string>(['call.received', 'call.originated', 'edge.started']);
  const tell = (event: TrunklineEvent, urgent?: boolean) => {
    outbox.record(event, urgent);
    metrics.observe(event);
  };

  return {
    edge,
    forCall(callId) {
      let seq = 0;
      return (type, payload, options = {}) => {
        const expiry = options.expiresAt === undefined ? {} : { expiresAt: options.expiresAt };
        const reply = answerable.has(type) ? { replyTo } : {};
        const event = { ...stamp(type), callId, seq, ...expiry, ...reply, ...payload } as unknown as EventOf<
          typeof type
        >;
        seq += 1;
        tell(event, options.urgent);
        return event;
      };
    },
    sayFor(callId, type, payload) {
      tell({ ...stamp(type), callId, ...payload });
    },
    say(type, payload) {
      const reply = answerable.has(type) ? { replyTo } : {};
      tell({ ...stamp(type), ...reply, ...payload } as unknown as TrunklineEvent);
    },
  };
}
