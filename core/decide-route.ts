import type { VersionedConfig } from '../contracts/config.ts';
import type { CallReceived } from '../contracts/events/call.ts';
import type { RouteDecision } from '../contracts/route-decision.ts';
import { findRoute } from './find-route.ts';

/** Decides where a call goes. The same function runs in the Lambda and, from the snapshot, in the edge. */
export function decideRoute(
  received: CallReceived,
  { version, config }: VersionedConfig,
  stamp: { readonly id: string; readonly now: string },
): RouteDecision {
  return {
    kind: 'decision',
    version: 1,
    id: stamp.id,
    callId: received.callId,
    eventId: received.id,
    time: stamp.now,
    expiresAt: received.expiresAt ?? later(stamp.now, defaultDecisionMs),
    configVersion: version,
    route: findRoute(received, config),
  };
}

/** How long a decision is worth something where call.received does not say it. */
const defaultDecisionMs = 1_500;

const later = (time: string, ms: number) => new Date(Date.parse(time) + ms).toISOString();
