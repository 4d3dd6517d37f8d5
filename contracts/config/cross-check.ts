import type * as z from 'zod';
import { checkCalledNumbers } from './check-called-numbers.ts';
import { checkUsers, hasUsers } from './check-users.ts';
import { overlaps } from './cidr.ts';

type Named = Record<string, unknown>;
type Fault = (path: PropertyKey[], message: string) => void;

const named = (value: unknown): Named =>
  value !== null && typeof value === 'object' ? (value as Named) : {};
const list = (of: Named) => Object.keys(of).join(', ') || 'none';
const field = (value: unknown, key: string) => named(value)[key];
const items = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/**
 * What one part of the file says of another. Runs even where the file's shape is already at fault, so that a person sees
 * all mistakes at once: hence nothing is taken for granted about `config`.
 */
export function crossCheck(config: unknown, ctx: z.RefinementCtx): void {
  const fault: Fault = (path, message) => ctx.addIssue({ code: 'custom', path, message });
  checkNumbers(config, fault);
  checkAgents(config, fault);
  checkRoutes(config, fault);
  checkTrunks(named(field(config, 'trunks')), fault);
  checkUsers(config, fault);
  checkCalledNumbers(config, fault);
  for (const [name, collection] of Object.entries(named(field(config, 'collections'))))
    mustExist(config, 'keys', 'a key', field(collection, 'key'), ['collections', name, 'key'], fault);
}

/** A name that must exist in another section of the file. */
function mustExist(
  config: unknown,
  section: string,
  what: string,
  name: unknown,
  path: PropertyKey[],
  fault: Fault,
) {
  const there = named(field(config, section));
  if (typeof name !== 'string' || Object.hasOwn(there, name)) return;
  fault(path, `"${name}" is not ${what} of this file; ${section} are: ${list(there)}`);
}

function checkNumbers(config: unknown, fault: Fault): void {
  for (const [number, route] of Object.entries(named(field(config, 'numbers')))) {
    const path = ['numbers', number];
    mustExist(config, 'agents', 'an agent', field(route, 'agent'), [...path, 'agent'], fault);
    for (const [index, rule] of items(field(route, 'rules')).entries()) {
      const at = [...path, 'rules', index];
      mustExist(config, 'agents', 'an agent', field(rule, 'agent'), [...at, 'agent'], fault);
      for (const [place, trunk] of items(field(rule, 'trunks')).entries())
        mustExist(config, 'trunks', 'a trunk', trunk, [...at, 'trunks', place], fault);
    }
  }
}

function checkAgents(config: unknown, fault: Fault): void {
  for (const [name, agent] of Object.entries(named(field(config, 'agents')))) {
    checkPolicy(config, agent, ['agents', name], fault);
    const collect = field(agent, 'collect');
    mustExist(config, 'collections', 'a collection', collect, ['agents', name, 'collect'], fault);
    checkWeights(items(field(agent, 'targets')), ['agents', name, 'targets'], fault);
  }
}

function checkRoutes(config: unknown, fault: Fault): void {
  const trunks = named(field(config, 'trunks'));
  for (const [name, route] of Object.entries(named(field(config, 'routes')))) {
    const path = ['routes', name];
    checkPolicy(config, route, path, fault);
    for (const [index, from] of items(field(route, 'from')).entries())
      mustExist(config, 'trunks', 'a trunk', from, [...path, 'from', index], fault);
    const over = items(field(route, 'trunks'));
    checkWeights(over, [...path, 'trunks'], fault);
    for (const [index, each] of over.entries()) {
      const trunk = field(each, 'trunk');
      const at = [...path, 'trunks', index, 'trunk'];
      mustExist(config, 'trunks', 'a trunk', trunk, at, fault);
      if (typeof trunk !== 'string' || !Object.hasOwn(trunks, trunk)) continue;
      if (items(field(trunks[trunk], 'endpoints')).length > 0) continue;
      fault(
        at,
        `trunk "${trunk}" has no endpoints: give it at least one, such as { host: sip.carrier.example }`,
      );
    }
  }
}

function checkPolicy(config: unknown, of: unknown, path: PropertyKey[], fault: Fault): void {
  const policy = field(of, 'policy');
  if (policy !== 'default') mustExist(config, 'policies', 'a policy', policy, [...path, 'policy'], fault);
}

/** RFC 2782 draws by weight; among weights that are all zero the order of the file would decide every call. */
function checkWeights(shared: readonly unknown[], path: PropertyKey[], fault: Fault): void {
  const byPriority = new Map<unknown, unknown[]>();
  for (const each of shared) {
    const priority = field(each, 'priority') ?? 1;
    byPriority.set(priority, [...(byPriority.get(priority) ?? []), field(each, 'weight') ?? 1]);
  }
  for (const [priority, weights] of byPriority)
    if (weights.length > 1 && weights.every((weight) => weight === 0))
      fault(
        path,
        `all of priority ${String(priority)} have weight 0: give at least one a weight of 1 or more`,
      );
}

function checkTrunks(trunks: Named, fault: Fault): void {
  if (Object.keys(trunks).length === 0)
    fault(['trunks'], 'needs at least one trunk: without one every call is refused');
  const blocks = Object.entries(trunks).flatMap(([name, trunk]) =>
    items(field(trunk, 'sources')).map((cidr, index) => ({
      name,
      cidr,
      path: ['trunks', name, 'sources', index],
    })),
  );
  for (const [index, later] of blocks.entries()) {
    const earlier = blocks
      .slice(0, index)
      .find((one) => one.name !== later.name && overlaps(one.cidr, later.cidr));
    if (earlier)
      fault(
        later.path,
        `overlaps ${String(earlier.cidr)} of trunk "${earlier.name}": a caller must belong to one trunk`,
      );
  }
  for (const [name, trunk] of Object.entries(trunks)) {
    checkWeights(items(field(trunk, 'endpoints')), ['trunks', name, 'endpoints'], fault);
    checkAuthentication(name, trunk, fault);
    checkRegistration(name, trunk, fault);
    const said = items(field(trunk, 'sources')).length + items(field(trunk, 'endpoints')).length;
    if (said > 0 || field(field(trunk, 'authentication'), 'in') || hasUsers(trunk)) continue;
    fault(['trunks', name], 'needs sources (who may call) or endpoints (where calls are sent), or both');
  }
}

function checkAuthentication(name: string, trunk: unknown, fault: Fault): void {
  if (!field(field(trunk, 'authentication'), 'out')) return;
  if (items(field(trunk, 'endpoints')).length > 0 || field(trunk, 'registration')) return;
  const path = ['trunks', name, 'authentication', 'out'];
  fault(path, 'is of no use without endpoints: nobody is called over this trunk who could ask for it');
}

function checkRegistration(name: string, trunk: unknown, fault: Fault): void {
  const registration = field(trunk, 'registration');
  if (!registration) return;
  const path = ['trunks', name, 'registration'];
  const out = field(field(trunk, 'authentication'), 'out');
  if (!field(registration, 'registrar') && items(field(trunk, 'endpoints')).length === 0)
    fault(path, 'needs a registrar, or an endpoint of the trunk that is one');
  if (!field(registration, 'user') && !out)
    fault(path, 'needs a user, or authentication.out with a username: who is to be registered?');
}
