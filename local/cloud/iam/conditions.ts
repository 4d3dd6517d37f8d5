import { like } from './like.ts';

/** Operator -> key -> values. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
/** Key -> all its values in this request. */
export type Context = Readonly<Record<string, readonly string[]>>;

type Compare = (wanted: string, found: string) => boolean;
const equal: Compare = (wanted, found) => wanted === found;

const comparisons: Readonly<Record<string, Compare>> = {
  StringEquals: equal,
  StringLike: like,
  ArnEquals: like,
  ArnLike: like,
  Bool: (wanted, found) => wanted.toLowerCase() === found.toLowerCase(),
};

/** Keys that the services of this machine set. */
const keys: ReadonlySet<string> = new Set([
  'dynamodb:LeadingKeys',
  'events:source',
  'events:detail-type',
  'aws:SourceArn',
  'aws:SourceAccount',
  'aws:SecureTransport',
]);
/** `ec2:ResourceTag/KEY`: of the machine that the request is about. */
const tagKey = /^ec2:ResourceTag\/./;

const split = (operator: string) => {
  const [, set, name = ''] = /^(?:(ForAllValues|ForAnyValue):)?(\w+)$/.exec(operator) ?? [];
  return { set, name };
};

/** The first operator or key that is not known here. */
export function faultOfConditions(conditions: Conditions): string | undefined {
  for (const [operator, tests] of Object.entries(conditions)) {
    if (!Object.hasOwn(comparisons, split(operator).name)) return `condition operator ${operator}`;
    const unknown = Object.keys(tests).find((key) => !keys.has(key) && !tagKey.test(key));
    if (unknown !== undefined) return `condition key ${unknown}`;
  }
  return undefined;
}

/**
 * All operators and all keys must hold (AWS IAM User Guide, "Conditions with multiple context keys or values"). ForAllValues holds
 * for a key that the request does not have; the others do not.
 */
export const conditionsHold = (conditions: Conditions, context: Context): boolean =>
  Object.entries(conditions).every(([operator, tests]) =>
    Object.entries(tests).every(([key, wanted]) =>
      holds(operator, [wanted].flat().map(String), context[key]),
    ),
  );

function holds(operator: string, wanted: readonly string[], found: readonly string[] | undefined): boolean {
  const { set, name } = split(operator);
  const compare = comparisons[name] ?? equal;
  const isWanted = (value: string) => wanted.some((each) => compare(each, value));
  if (set === 'ForAllValues') return (found ?? []).every(isWanted);
  return (found ?? []).some(isWanted);
}
