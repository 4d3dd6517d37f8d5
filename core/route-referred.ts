import type { RoutingConfig } from '../contracts/config.ts';
import type { Route } from '../contracts/route-decision.ts';
import { findRoute, type RoutedCall, refuse } from './find-route.ts';
import { destinationsOf, type ReferTo } from './refer-to.ts';
import { routeTo } from './route-to.ts';

/**
 * The way to somebody whom a REFER names: never to the address in it, only to what the configuration knows. An agent may
 * refer to whomever a command may name; a trunk to whom it could call itself, and to its own users.
 */
export function routeReferred(
  to: ReferTo,
  call: RoutedCall,
  config: RoutingConfig,
  /** Name of the trunk that refers; undefined: an agent. */
  by: string | undefined,
): Route {
  let denied: Route = refuse('unknown-number');
  for (const destination of destinationsOf(to, realmsOf(config))) {
    const isOwn = by === undefined || ('trunk' in destination && destination.trunk === by);
    const route = isOwn ? routeTo(destination, call, config) : asItCalls(destination, call, config);
    if (route.action === 'connect') return route;
    if (route.reason !== 'unknown-number') denied = route;
  }
  return denied;
}

/** As if the trunk itself called that number. */
function asItCalls(destination: object, call: RoutedCall, config: RoutingConfig): Route {
  if (!('number' in destination) || typeof destination.number !== 'string') return refuse('unknown-number');
  const { number } = destination;
  return findRoute({ ...call, to: { ...call.to, number } }, config);
}

const realmsOf = ({ trunks }: RoutingConfig): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(trunks).flatMap(([name, { registrar }]) => (registrar ? [[name, registrar.realm]] : [])),
  );
