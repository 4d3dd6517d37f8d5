import { type Conditions, type Context, conditionsHold, faultOfConditions } from './conditions.ts';
import { like } from './like.ts';

/** One statement of a policy, its intrinsic functions resolved. */
export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: Conditions;
}

/** What a request does to what. */
export interface Need {
  /** `dynamodb:GetItem` */
  readonly action: string;
  /** ARN. */
  readonly resource: string;
  /** Condition keys that the service sets, with all their values. */
  readonly context?: Context;
}

const listOf = (value: unknown): readonly string[] =>
  value === undefined ? [] : [value].flat().map((each) => String(each));

/**
 * Reads the statements of a policy document. What is not evaluated on this machine (NotAction, NotResource, a condition of an
 * unknown operator or key) allows nothing here, and `ignored` is told.
 * @throws Error for a Deny that is not evaluated: to leave it out would allow too much.
 */
export function readStatements(
  document: unknown,
  where: string,
  ignored: (what: string) => void,
): readonly Statement[] {
  const { Statement: given } = (document ?? {}) as { Statement?: unknown };
  const statements = [given ?? []].flat() as unknown as readonly Readonly<Record<string, unknown>>[];
  return statements.flatMap((statement) => {
    const fault = faultOf(statement);
    if (!fault) return [readStatement(statement)];
    const told = `${where}: ${fault} is not evaluated on this machine`;
    if (statement['Effect'] === 'Deny') throw new Error(told);
    ignored(told);
    return [];
  });
}

const faultOf = (statement: Readonly<Record<string, unknown>>): string | undefined =>
  ['NotAction', 'NotResource'].find((key) => statement[key] !== undefined) ??
  faultOfConditions((statement['Condition'] ?? {}) as Conditions);

const readStatement = (statement: Readonly<Record<string, unknown>>): Statement => ({
  effect: statement['Effect'] === 'Deny' ? 'Deny' : 'Allow',
  actions: listOf(statement['Action']),
  resources: listOf(statement['Resource']),
  conditions: (statement['Condition'] ?? {}) as Conditions,
});

/** What of a statement speaks of a need, as the statement writes it. */
export interface Match {
  readonly action: string;
  readonly resource: string;
}

/** Undefined where the statement does not speak of this need. */
export function matchOf(statement: Statement, { action, resource, context = {} }: Need): Match | undefined {
  const named = statement.actions.find((each) => like(each.toLowerCase(), action.toLowerCase()));
  const place = statement.resources.find((each) => like(each, resource));
  if (named === undefined || place === undefined) return undefined;
  return conditionsHold(statement.conditions, context) ? { action: named, resource: place } : undefined;
}
