import type { Agent, RoutingConfig, Target } from '../contracts/config.ts';
import type { RouteTarget } from '../contracts/route-decision.ts';
import type { RoutedCall, Tell } from './find-route.ts';
import { orderTargets } from './order-targets.ts';
import { longestPrefix, trunkTargets } from './outbound.ts';

/** Everything that may be called for an agent, in the order in which it is tried. A number is several, where its route is. */
export function agentTargets(
  call: RoutedCall,
  name: string,
  agent: Agent,
  config: RoutingConfig,
  tell?: Tell,
): RouteTarget[] {
  const numbered = agent.targets.map((target, index) => ({ ...target, id: `${name}-${index + 1}` }));
  return orderTargets(numbered, call.callId).flatMap((target) =>
    'number' in target ? numberTargets(call, target, config, tell) : [agentTarget(target, agent, config)],
  );
}

type Identified = { readonly id: string };
type NumberTarget = Extract<Target, { number: string }>;

/**
 * Over the longest prefix of `routes`, whoever may take that route otherwise: who wrote the agent down wants this number to be
 * called. Each endpoint of the route's trunks is a target of its own.
 */
function numberTargets(
  call: RoutedCall,
  { id, number, priority, weight }: NumberTarget & Identified,
  config: RoutingConfig,
  tell?: Tell,
): RouteTarget[] {
  const name = longestPrefix(number, config.routes);
  const route = name === undefined ? undefined : config.routes[name];
  tell?.(`target ${id}`, route ? `calls ${number} over routes.${name}` : `no route leads to ${number}`);
  if (!route) return [];
  const called = { ...call, to: { ...call.to, number } };
  return trunkTargets(called, route, config, tell).map((target) => ({
    ...target,
    ...{ id: `${id}-${target.id}`, number, priority, weight },
  }));
}

function agentTarget(
  target: Exclude<Target, NumberTarget> & Identified,
  { encryption, keying, dtmf }: Agent,
  config: RoutingConfig,
): RouteTarget {
  if ('websocket' in target) {
    const { id, websocket, priority, weight, ...socket } = target;
    return { id, uri: websocket, priority, weight, socket };
  }
  return {
    ...('user' in target ? { ...target, uri: addressOfRecord(target, config) } : target),
    ...(encryption === 'off' ? {} : { media: { encryption, keying } }),
    ...(dtmf === 'rfc4733' ? {} : { dtmf }),
  };
}

const addressOfRecord = (
  { user, trunk }: { readonly user: string; readonly trunk: string },
  { trunks }: RoutingConfig,
): string =>
  `sip:${user}@${(Object.hasOwn(trunks, trunk) ? trunks[trunk] : undefined)?.registrar?.realm ?? 'localhost'}`;
