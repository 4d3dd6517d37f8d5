import { type NumberRoute, type NumberRule, Policy, type RoutingConfig } from '../contracts/config.ts';
import type { CallReceived } from '../contracts/events/call.ts';
import type { ConnectRoute, Route } from '../contracts/route-decision.ts';
import { agentTargets } from './agent-targets.ts';
import { planLegs } from './leg-codecs.ts';
import { outboundRouteFor, trunkTargets } from './outbound.ts';
import { withinHours } from './within-hours.ts';

/** What a route depends on: the call as it came, and the moment it came. */
export interface RoutedCall
  extends Pick<CallReceived, 'callId' | 'trunk' | 'from' | 'hidden' | 'to' | 'offer'> {
  /** ISO 8601. */
  readonly time: string;
}

/** Told each rule that was looked at, and what came of it. Only called where somebody wants to know. */
export type Tell = (rule: string, outcome: string) => void;

/** The number's own route, else the longest outbound prefix, else the number `*`. */
export function findRoute(call: RoutedCall, config: RoutingConfig, tell?: Tell): Route {
  const dialled = call.to.number;
  const own = ownEntry(config.numbers, dialled);
  tell?.(`numbers.${dialled}`, own ? 'is listed' : 'is not listed');
  if (own) return routeOfNumber(call, dialled, own, config, tell);

  const outbound = outboundRouteFor(call, config, tell);
  if (outbound) return routeOut(call, outbound, config, tell);

  const others = ownEntry(config.numbers, '*');
  tell?.('numbers.*', others ? 'takes every number not listed' : 'is not there: nothing takes this number');
  return others ? routeOfNumber(call, '*', others, config, tell) : refuse('unknown-number');
}

export function routeOfNumber(
  call: RoutedCall,
  number: string,
  route: NumberRoute,
  config: RoutingConfig,
  tell?: Tell,
): Route {
  if (!('rules' in route)) return outcomeOf(call, route, config, tell);
  for (const [index, rule] of route.rules.entries()) {
    const failed = whyNot(call, rule);
    tell?.(`numbers.${number}.rules.${index}`, failed ?? 'holds');
    if (failed === undefined) return outcomeOf(call, rule, config, tell);
  }
  tell?.(`numbers.${number}.rules`, 'no rule holds: the call is refused');
  return refuse('rejected-by-route');
}

/** The condition that does not hold, in words; undefined where all do. */
function whyNot(
  { trunk, from, hidden, time }: RoutedCall,
  { trunks, callers, hours }: NumberRule,
): string | undefined {
  if (trunks && !trunks.includes(trunk)) return `trunk "${trunk}" is not one of ${trunks.join(', ')}`;
  if (callers && !callers.some((pattern) => matches(pattern, from.number, hidden)))
    return `caller "${from.number}" is not one of ${callers.join(', ')}`;
  if (hours && !withinHours(time, hours))
    return `${time} is not within ${hours.from} to ${hours.to} ${hours.timezone}, ${hours.days.join(' ')}`;
  return undefined;
}

/** A hidden caller is anonymous to whom it calls, though a trusted trunk told us the number. */
function matches(pattern: string, caller: string, hidden = false): boolean {
  if (pattern === 'anonymous') return hidden || caller === '' || caller.toLowerCase() === 'anonymous';
  return pattern.endsWith('*') ? caller.startsWith(pattern.slice(0, -1)) : caller === pattern;
}

type Outcome = { readonly agent: string } | { readonly reject: number };

function outcomeOf(call: RoutedCall, outcome: Outcome, config: RoutingConfig, tell?: Tell): Route {
  if ('reject' in outcome) {
    tell?.('reject', `the call is refused with ${outcome.reject}`);
    return { ...refuse('rejected-by-route'), sipStatus: outcome.reject };
  }
  return routeOfAgent(call, outcome.agent, config, tell);
}

export function routeOfAgent(call: RoutedCall, name: string, config: RoutingConfig, tell?: Tell): Route {
  const agent = ownEntry(config.agents, name);
  tell?.(`agents.${name}`, agent ? `takes the call, with policy ${agent.policy}` : 'does not exist');
  if (!agent) return refuse('unknown-number');
  const targets = agentTargets(call, name, agent, config, tell);
  if (targets.length === 0) return refuse('destination-denied');
  return connect(
    call,
    {
      agent: name,
      targets,
      ...(agent.collect === undefined ? {} : { collect: agent.collect }),
      ...(agent.waitAudio === undefined ? {} : { waitAudio: agent.waitAudio }),
      ...(agent.lostPrompt === undefined ? {} : { lostPrompt: agent.lostPrompt }),
    },
    agent.policy,
    config,
    tell,
  );
}

export function routeOut(call: RoutedCall, name: string, config: RoutingConfig, tell?: Tell): Route {
  const route = ownEntry(config.routes, name);
  if (!route) return refuse('unknown-number');
  const targets = trunkTargets(call, route, config, tell);
  if (targets.length === 0) return refuse('destination-denied');
  return connect(call, { outbound: name, targets }, route.policy, config, tell);
}

type Whither = Pick<ConnectRoute, 'agent' | 'outbound' | 'targets' | 'collect' | 'waitAudio' | 'lostPrompt'>;

export function connect(
  call: RoutedCall,
  whither: Whither,
  policyName: string,
  config: RoutingConfig,
  tell?: Tell,
): Route {
  const policy = ownEntry(config.policies, policyName) ?? Policy.parse({});
  const targets = whither.targets.filter((target) => takesOffer(call, target, policy, config, tell));
  if (targets.length === 0) return refuse('no-common-codec');
  for (const { id, uri } of targets) tell?.(`target ${id}`, uri);
  const { codecs, ringSeconds, maxDurationSeconds, quality, qualityEverySeconds, silence } = policy;
  return {
    action: 'connect',
    ...whither,
    targets,
    codecs,
    ringSeconds,
    maxDurationSeconds,
    quality,
    qualityEverySeconds,
    silence,
  };
}

/** A target that could be offered none of the caller's codecs is not called. */
function takesOffer(
  { offer, trunk: from }: RoutedCall,
  { id, trunk: to }: ConnectRoute['targets'][number],
  { codecs }: Policy,
  { trunks }: RoutingConfig,
  tell?: Tell,
): boolean {
  if (!offer || planLegs(offer.codecs, { policy: codecs, from, to }, trunks).accepted) return true;
  tell?.(`codecs for ${id}`, `nothing is kept of ${offer.codecs.join(', ')}`);
  return false;
}

export const refuse = (reason: Extract<Route, { action: 'refuse' }>['reason']) =>
  ({ action: 'refuse', reason }) as const;

/** A number called comes from the network: `constructor` is not a route. */
const ownEntry = <T>(entries: Record<string, T>, name: string): T | undefined =>
  Object.hasOwn(entries, name) ? entries[name] : undefined;
