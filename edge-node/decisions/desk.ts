import type { CallReceived } from '../../contracts/events/call.ts';
import type { Route, RouteDecision } from '../../contracts/route-decision.ts';
import type { TerminationReason } from '../../contracts/terminations.ts';
import { decideRoute } from '../../core/decide-route.ts';
import type { AppliedDecision, Clock, Decisions, Metrics, RoutingSnapshot } from '../ports.ts';
import { Recently } from './recently.ts';

export interface DecisionDeskParts {
  readonly clock: Clock;
  readonly snapshot: Pick<RoutingSnapshot, 'current'>;
  readonly metrics: Pick<Metrics, 'message'>;
  /** Wait for an event that names no deadline, ms; default 1,500. */
  readonly defaultWaitMs?: number;
  /** Calls whose decision is over and still told apart from calls of others; default 10,000. */
  readonly remembered?: number;
}

/** What became of a decision from the queue. `foreign`: no call here asked for it. */
type DeliveryOutcome = 'applied' | 'late' | 'duplicate' | 'foreign';

export interface DecisionDesk extends Decisions {
  /** A decision came in. Whatever it is, nothing but the call that waits for it is touched. */
  deliver(decision: RouteDecision): DeliveryOutcome;
  /** Calls that wait for a decision. */
  readonly waiting: number;
}

interface Waiting {
  readonly eventId: string;
  readonly take: (decision: RouteDecision) => void;
}

interface Decided {
  readonly source: AppliedDecision['source'];
  readonly route: Route;
  readonly configVersion: number;
}

/** Brings together the calls that wait and the decisions that arrive; at the deadline the edge decides by itself. */
export function createDecisionDesk(parts: DecisionDeskParts): DecisionDesk {
  const { clock, metrics, defaultWaitMs = 1_500 } = parts;
  const waiting = new Map<string, Waiting>();
  const over = new Recently<{ readonly eventId: string; readonly live: boolean }>(parts.remembered ?? 10_000);

  const judge = (decision: RouteDecision): DeliveryOutcome => {
    const call = waiting.get(decision.callId);
    if (call?.eventId === decision.eventId) {
      if (Date.parse(decision.expiresAt) <= clock.now()) return 'late';
      call.take(decision);
      return 'applied';
    }
    const past = over.get(decision.callId);
    if (past?.eventId !== decision.eventId) return 'foreign';
    return past.live ? 'duplicate' : 'late';
  };

  return {
    decide(received, signal) {
      const { id: eventId, callId, expiresAt } = received;
      const asked = clock.monotonic();
      const waitMs = expiresAt === undefined ? defaultWaitMs : Date.parse(expiresAt) - clock.now();
      return new Promise((resolve) => {
        const settle = (decided: Decided) => {
          cancelTimer();
          signal.removeEventListener('abort', givenUp);
          waiting.delete(callId);
          over.set(callId, { eventId, live: decided.source === 'live' });
          resolve({ ...decided, waitMs: clock.monotonic() - asked });
        };
        const givenUp = () => settle(refusal('caller-cancelled'));
        const take = ({ route, configVersion }: RouteDecision) =>
          settle({ source: 'live', route, configVersion });
        const cancelTimer = clock.after(Math.max(0, waitMs), () => settle(decideHere(received, parts)));
        waiting.set(callId, { eventId, take });
        signal.addEventListener('abort', givenUp);
        if (signal.aborted) givenUp();
      });
    },
    deliver(decision) {
      const outcome = judge(decision);
      metrics.message('decision', outcome);
      return outcome;
    },
    get waiting() {
      return waiting.size;
    },
  };
}

const refusal = (reason: TerminationReason): Decided => ({
  source: 'default',
  route: { action: 'refuse', reason },
  configVersion: 0,
});

/** The same pure function as the Lambda's, on the edge's own copy of the configuration. */
function decideHere(received: CallReceived, { snapshot, clock }: DecisionDeskParts): Decided {
  const current = snapshot.current();
  if (!current) return refusal('decision-late');
  const stamp = { id: clock.newId(), now: new Date(clock.now()).toISOString() };
  try {
    const { route, configVersion } = decideRoute(received, current, stamp);
    return { source: 'snapshot', route, configVersion };
  } catch {
    return refusal('internal-error');
  }
}
