import { ApiError } from '../api.ts';
import type { Template } from '../template.ts';
import { type Principal, principalsOf } from './principals.ts';
import { type Match, matchOf, type Need } from './statement.ts';

/** Access key of whoever is not bound by a policy: the operator, the command line, a test. */
export const OPERATOR_KEY = 'local';

/** An action that a principal may do to a resource, and whether anything did it. */
export interface Grant {
  readonly principal: string;
  readonly action: string;
  /** Logical id of the template, or the pattern where it has none. */
  readonly resource: string;
  readonly used: boolean;
}

export interface Authorizer {
  start(template: Template): void;
  /** Access key of a role, or of a policy that stands for one, by its ARN; the operator's for one that the template has not. */
  keyOf(arn: string): string;
  /** @throws ApiError AccessDeniedException, in the words of IAM, for the first need that is not allowed. */
  check(accessKey: string, needs: readonly Need[]): void;
  allows(accessKey: string, need: Need): boolean;
  grants(): readonly Grant[];
}

/** Identity-based policies, as synthesized: what no statement allows is denied, and an explicit Deny wins. */
export function createAuthorizer(ignored: (what: string) => void): Authorizer {
  let principals: ReadonlyMap<string, Principal> = new Map();
  const byKey = new Map<string, Principal>();
  const used = new Map<Principal, Set<string>>();
  let resources: Template['resources'] = [];

  const demand = (principal: Principal, need: Need) => {
    let allowedBy: Match | undefined;
    for (const statement of principal.statements) {
      const match = matchOf(statement, need);
      if (match === undefined) continue;
      if (statement.effect === 'Deny') throw denied(principal, need, 'with an explicit deny in an');
      allowedBy ??= match;
    }
    if (allowedBy === undefined) throw denied(principal, need, 'because no');
    used.get(principal)?.add(keyOfMatch(allowedBy));
  };

  const check: Authorizer['check'] = (accessKey, needs) => {
    const principal = byKey.get(accessKey);
    if (principal) for (const need of needs) demand(principal, need);
    else if (accessKey.startsWith(KEY_BEGINS)) throw unknownKey();
  };

  return {
    check,
    allows(accessKey, need) {
      try {
        check(accessKey, [need]);
        return true;
      } catch {
        return false;
      }
    },
    start(template) {
      resources = template.resources;
      principals = principalsOf(template, ignored);
      for (const principal of principals.values()) {
        byKey.set(keyNamed(principal), principal);
        used.set(principal, new Set());
      }
    },
    keyOf(arn) {
      const principal = principals.get(arn);
      return principal ? keyNamed(principal) : OPERATOR_KEY;
    },
    grants: () =>
      [...principals.values()].flatMap((principal) => {
        const allowed = principal.statements.filter(({ effect }) => effect === 'Allow');
        const matches = allowed.flatMap((statement) =>
          statement.actions.flatMap((action) =>
            statement.resources.map((resource) => ({ action, resource })),
          ),
        );
        return [...new Map(matches.map((match) => [keyOfMatch(match), match]))].map(([key, match]) => ({
          principal: principal.name,
          action: match.action,
          resource: named(match.resource, resources),
          used: used.get(principal)?.has(key) === true,
        }));
      }),
  };
}

const keyOfMatch = ({ action, resource }: Match) => `${action} ${resource}`;

/** An index of a table keeps its path. */
function named(pattern: string, resources: Template['resources']): string {
  const found = resources.find(({ arn }) => pattern === arn || pattern.startsWith(`${arn}/`));
  return found ? `${found.logicalId}${pattern.slice(found.arn.length)}` : pattern;
}

const unknownKey = () =>
  new ApiError('UnrecognizedClientException', 'The security token included in the request is invalid.');

const KEY_BEGINS = 'ROLE-';
const keyNamed = ({ name }: Principal) => `${KEY_BEGINS}${name}`;

const denied = ({ arn }: Principal, { action, resource }: Need, why: string) =>
  new ApiError(
    'AccessDeniedException',
    `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} ${why} identity-based policy${why === 'because no' ? ` allows the ${action} action` : ''}`,
  );
