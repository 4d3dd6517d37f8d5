import type { CallReceived } from '../../contracts/events/call.ts';
import type { RouteDecision } from '../../contracts/route-decision.ts';
import { decideRoute } from '../../core/decide-route.ts';
import type { AppliedDecision, Clock, Decisions, Metrics, RoutingSnapshot } from '../ports.ts';

export type DeliveryOutcome = 'applied' | 'late' | 'duplicate' | 'foreign';

export interface DecisionDesk extends Decisions {
  /** A decision came in. Whatever it is, nothing but the call that waits for it is touched. */
  deliver(decision: RouteDecision): DeliveryOutcome;
}

export interface DecisionDeskParts {
  readonly clock: Clock;
  readonly snapshot: Pick<RoutingSnapshot, 'current'>;
  readonly metrics: Pick<Metrics, 'message'>;
}

/** How many settled calls are remembered, to tell a duplicate or late decision from a foreign one. */
const REMEMBERED = 20_000;

export function createDecisionDesk({ clock, snapshot, metrics }: DecisionDeskParts): DecisionDesk {
  const waiting = new Map<string, { eventId: string; take: (decision: RouteDecision) => void }>();
  const settled = new Map<string, 'live' | 'late'>();

  const remember = (callId: string, how: 'live' | 'late') => {
    settled.set(callId, how);
    if (settled.size <= REMEMBERED) return;
    const [oldest] = settled.keys();
    if (oldest !== undefined) settled.delete(oldest);
  };

  const judge = (decision: RouteDecision): DeliveryOutcome => {
    const call = waiting.get(decision.callId);
    if (!call || call.eventId !== decision.eventId) {
      const before = settled.get(decision.callId);
      return before === undefined ? 'foreign' : before === 'live' ? 'duplicate' : 'late';
    }
    if (Date.parse(decision.expiresAt) <= clock.now()) return 'late';
    call.take(decision);
    return 'applied';
  };

  return {
    deliver(decision) {
      const outcome = judge(decision);
      metrics.message('decision', outcome);
      return outcome;
    },
    decide(received, signal) {
      const started = clock.monotonic();
      return new Promise((resolve) => {
        const settle = (how: 'live' | 'late', decided: Omit<AppliedDecision, 'waitMs'>) => {
          cancel();
          signal.removeEventListener('abort', fallBack);
          waiting.delete(received.callId);
          remember(received.callId, how);
          resolve({ ...decided, waitMs: clock.monotonic() - started });
        };
        const fallBack = () => settle('late', decideHere(received, snapshot, clock));
        const left = Math.max(0, Date.parse(received.expiresAt ?? '') - clock.now()) || 0;
        const cancel = clock.after(left, fallBack);
        signal.addEventListener('abort', fallBack, { once: true });
        waiting.set(received.callId, {
          eventId: received.id,
          take: ({ route, configVersion }) => settle('live', { source: 'live', route, configVersion }),
        });
        if (signal.aborted) fallBack();
      });
    },
  };
}

/** The same pure function as the Lambda's, on the edge's own copy of the configuration. */
function decideHere(
  received: CallReceived,
  snapshot: Pick<RoutingSnapshot, 'current'>,
  clock: Clock,
): Omit<AppliedDecision, 'waitMs'> {
  const current = snapshot.current();
  if (!current)
    return { source: 'default', route: { action: 'refuse', reason: 'decision-late' }, configVersion: 0 };
  const stamp = { id: clock.newId(), now: new Date(clock.now()).toISOString() };
  const { route, configVersion } = decideRoute(received, current, stamp);
  return { source: 'snapshot', route, configVersion };
}
