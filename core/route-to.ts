import type { Destination } from '../contracts/commands.ts';
import type { RoutingConfig, Target } from '../contracts/config.ts';
import type { Route } from '../contracts/route-decision.ts';
import { connect, type RoutedCall, refuse, routeOfAgent, routeOfNumber, routeOut } from './find-route.ts';
import { longestPrefix } from './outbound.ts';

/**
 * The way to somebody whom a command names. A number that is listed leads where a call to it would; any other goes out over
 * the longest prefix of `routes`, whoever may take that route otherwise: commands are for those who may do anything.
 */
export function routeTo(to: Destination, call: RoutedCall, config: RoutingConfig): Route {
  if ('number' in to) return toNumber(to.number, { ...call, to: { ...call.to, number: to.number } }, config);
  if ('agent' in to) return routeOfAgent(call, to.agent, config);
  if ('user' in to) return toUser(to, call, config);
  return toTarget(to.uri, call, config);
}

function toNumber(number: string, call: RoutedCall, config: RoutingConfig): Route {
  const own = Object.hasOwn(config.numbers, number) ? config.numbers[number] : undefined;
  if (own) return routeOfNumber(call, number, own, config);
  const outbound = longestPrefix(number, config.routes);
  return outbound === undefined ? refuse('unknown-number') : routeOut(call, outbound, config);
}

function toUser(
  to: { readonly user: string; readonly trunk: string },
  call: RoutedCall,
  config: RoutingConfig,
) {
  const trunk = Object.hasOwn(config.trunks, to.trunk) ? config.trunks[to.trunk] : undefined;
  if (!trunk || !Object.hasOwn(trunk.users ?? {}, to.user)) return refuse('unknown-number');
  const uri = `sip:${to.user}@${trunk.registrar?.realm ?? 'localhost'}`;
  const target = { id: `${to.trunk}-${to.user}`, uri, priority: 1, weight: 1, ...to };
  return connect(call, { targets: [target] }, 'default', config);
}

const addressOf = (target: Target): string | undefined => {
  if ('uri' in target) return target.uri;
  return 'websocket' in target ? target.websocket : undefined;
};

/** Only what the configuration calls by itself: a command cannot make the edge call any address there is. */
function toTarget(uri: string, call: RoutedCall, config: RoutingConfig): Route {
  for (const [name, { targets }] of Object.entries(config.agents)) {
    const index = targets.findIndex((target) => addressOf(target) === uri);
    if (index < 0) continue;
    const route = routeOfAgent(call, name, config);
    if (route.action === 'refuse') return route;
    const only = route.targets.filter(({ id }) => id === `${name}-${index + 1}`);
    return only.length > 0 ? { ...route, targets: only } : refuse('no-common-codec');
  }
  return refuse('unknown-number');
}
