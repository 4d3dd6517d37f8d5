import { CalledNumber } from '../contracts/config/numbers.ts';
import type { OutboundRoute, RoutingConfig, Trunk, TrunkEndpoint } from '../contracts/config.ts';
import type { RouteTarget } from '../contracts/route-decision.ts';
import type { RoutedCall, Tell } from './find-route.ts';
import { orderTargets } from './order-targets.ts';

/** Anything else that came from the network never gets into a request URI of ours. */
const isDialable = (number: string) => CalledNumber.safeParse(number).success;

const fittingRoutes = (number: string, routes: RoutingConfig['routes']) =>
  isDialable(number)
    ? Object.entries(routes)
        .filter(([, { prefix }]) => number.startsWith(prefix))
        .sort(([, one], [, other]) => other.prefix.length - one.prefix.length)
    : [];

/** Name of the outbound route with the longest prefix, whoever may take it. */
export const longestPrefix = (number: string, routes: RoutingConfig['routes']): string | undefined =>
  fittingRoutes(number, routes)[0]?.[0];

/** Name of the outbound route with the longest prefix that this caller's trunk may take. */
export function outboundRouteFor(
  { to, trunk }: RoutedCall,
  { routes }: RoutingConfig,
  tell?: Tell,
): string | undefined {
  for (const [name, { prefix, from }] of fittingRoutes(to.number, routes)) {
    const may = from.includes(trunk);
    tell?.(`routes.${name}`, may ? `takes ${prefix}…` : `takes ${prefix}…, but not from trunk "${trunk}"`);
    if (may) return name;
  }
  return undefined;
}

/** The endpoints of the route's trunks, trunk by trunk; those that may not call this number are left out. */
export function trunkTargets(
  { callId, to }: RoutedCall,
  route: OutboundRoute,
  { trunks }: RoutingConfig,
  tell?: Tell,
): RouteTarget[] {
  return orderTargets(route.trunks, callId).flatMap(({ trunk: name }) => {
    const trunk = trunks[name];
    if (!trunk) return [];
    const denied = whyDenied(to.number, trunk);
    if (denied !== undefined) {
      tell?.(`trunks.${name}.limits`, denied);
      return [];
    }
    const endpoints = trunk.endpoints.map((endpoint, index) => ({ ...endpoint, id: `${name}-${index + 1}` }));
    return orderTargets(endpoints, `${callId} ${name}`).map((endpoint) => ({
      id: endpoint.id,
      uri: uriOf(endpoint, to.number),
      priority: endpoint.priority,
      weight: endpoint.weight,
      trunk: name,
    }));
  });
}

function whyDenied(number: string, { limits: { allow, deny } }: Trunk): string | undefined {
  const denied = deny.find((prefix) => number.startsWith(prefix));
  if (denied !== undefined) return `deny ${denied}: ${number} is not called over this trunk`;
  if (allow && !allow.some((prefix) => number.startsWith(prefix)))
    return `allow ${allow.join(', ')}: ${number} is not among them`;
  return undefined;
}

/** Without a port the host is a name to be looked up (RFC 3263 §4). */
export function uriOf({ host, port, transport }: TrunkEndpoint, user: string): string {
  const literal = host.includes(':') ? `[${host}]` : host;
  const place = port === undefined ? literal : `${literal}:${port}`;
  return `sip:${user}@${place}${transport === 'udp' ? '' : `;transport=${transport}`}`;
}
