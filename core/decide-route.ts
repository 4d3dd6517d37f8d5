import { Policy, type RoutingConfig, type VersionedConfig } from '../contracts/config.ts';
import type { CallReceived } from '../contracts/events/call.ts';
import type { Route, RouteDecision } from '../contracts/route-decision.ts';
import { negotiateCodecs } from './negotiate-codecs.ts';
import { orderTargets } from './order-targets.ts';

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
    route: routeOf(received, config),
  };
}

/** How long a decision is worth something where call.received does not say it. */
const defaultDecisionMs = 1_500;

const later = (time: string, ms: number) => new Date(Date.parse(time) + ms).toISOString();

function routeOf(received: CallReceived, config: RoutingConfig): Route {
  const number = ownEntry(config.numbers, received.to.number) ?? ownEntry(config.numbers, '*');
  if (!number) return { action: 'refuse', reason: 'unknown-number' };
  if ('reject' in number) return { action: 'refuse', reason: 'rejected-by-route', sipStatus: number.reject };
  const agent = ownEntry(config.agents, number.agent);
  if (!agent) return { action: 'refuse', reason: 'unknown-number' };
  const policy = ownEntry(config.policies, agent.policy) ?? Policy.parse({});
  if (received.offer && !negotiateCodecs(received.offer.codecs, policy.codecs).accepted) {
    return { action: 'refuse', reason: 'no-common-codec' };
  }
  const targets = agent.targets.map((target, index) => ({ ...target, id: `${number.agent}-${index + 1}` }));
  return {
    action: 'connect',
    agent: number.agent,
    targets: orderTargets(targets, received.callId),
    codecs: policy.codecs,
    ringSeconds: policy.ringSeconds,
    maxDurationSeconds: policy.maxDurationSeconds,
    quality: policy.quality,
    qualityEverySeconds: policy.qualityEverySeconds,
  };
}

/** A number called comes from the network: `constructor` is not a route. */
const ownEntry = <T>(entries: Record<string, T>, name: string): T | undefined =>
  Object.hasOwn(entries, name) ? entries[name] : undefined;
