import type * as z from 'zod';
import { CallReceived } from '../contracts/events/call.ts';
import { decideRoute } from '../core/decide-route.ts';
import type { Outcome } from './bus-handler.ts';
import { isOver } from './expiry.ts';
import type { Clock, DecisionRecords, EdgeQueues } from './ports.ts';
import type { Routing } from './routing.ts';

/** A call.received that can be answered. */
export const Question = CallReceived.required({ replyTo: true });
type Question = z.infer<typeof Question>;

export interface DecideRoutePorts {
  readonly routing: Routing;
  readonly decisions: DecisionRecords;
  readonly edges: EdgeQueues;
  readonly clock: Clock;
}

/** Answers call.received: decided once, stored once, sent as often as the event is delivered. */
export const answer =
  ({ routing, decisions, edges, clock }: DecideRoutePorts) =>
  async (received: Question): Promise<Outcome> => {
    if (isOver(received, clock.now())) return { outcome: 'dropped-expired' };
    const config = await routing.load();
    const fresh = decideRoute(received, config, {
      id: clock.newId(),
      now: new Date(clock.now()).toISOString(),
    });
    const standing = await decisions.keepFirst(fresh);
    await edges.send(received.replyTo, standing);
    return standing.id === fresh.id ? { outcome: 'decided', routine: true } : { outcome: 'sent-again' };
  };
