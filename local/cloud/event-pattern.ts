import { bad, comparison, isObject, type Json } from './pattern-operators.ts';

/** Whether an event matches. Made by {@link compilePattern}. */
export type Matches = (event: unknown) => boolean;

/** Scalars of the event at one place; empty where it has none there. */
type MatchesValues = (values: readonly unknown[]) => boolean;

/**
 * Compiles an EventBridge event pattern: exact values, null, prefix, suffix, anything-but, numeric, exists, cidr,
 * equals-ignore-case, wildcard and $or. Source: Amazon EventBridge User Guide, "Comparison operators for event patterns",
 * and the README of its rule engine for arrays: every value of an array is a value of the field.
 * @throws Error that names the place, for a pattern that EventBridge would refuse.
 */
export function compilePattern(pattern: unknown, where = ''): Matches {
  if (!isObject(pattern)) return bad(where, 'must be an object');
  const tests = Object.entries(pattern).map(([key, rule]) => field(key, rule, where));
  if (tests.length === 0) return bad(where, 'must not be empty');
  return (event) => tests.every((test) => test(event));
}

function field(key: string, rule: unknown, where: string): Matches {
  const here = where ? `${where}.${key}` : key;
  if (key === '$or' && Array.isArray(rule)) {
    if (rule.length < 2) bad(here, '$or needs at least two patterns');
    const any = rule.map((each, index) => compilePattern(each, `${here}[${index}]`));
    return (event) => any.some((matches) => matches(event));
  }
  if (Array.isArray(rule)) {
    const any = leaf(rule, here);
    return (event) => any(valuesOf(event, key).filter((value) => !isObject(value)));
  }
  if (!isObject(rule)) return bad(here, 'must be an object or a list');
  const inner = compilePattern(rule, here);
  return (event) => {
    const objects = valuesOf(event, key).filter(isObject);
    // Where there is no object, all inside is absent, which `exists: false` asks for.
    return objects.length === 0 ? inner({}) : objects.some(inner);
  };
}

function valuesOf(event: unknown, key: string): readonly unknown[] {
  if (!isObject(event) || !Object.hasOwn(event, key)) return [];
  const value = event[key];
  return Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : [value];
}

function leaf(rules: readonly unknown[], where: string): MatchesValues {
  if (rules.length === 0) bad(where, 'must not be an empty list');
  const any = rules.map((rule) => (isObject(rule) ? operator(rule, where) : exact(rule, where)));
  return (values) => any.some((matches) => matches(values));
}

function exact(rule: unknown, where: string): MatchesValues {
  if (rule !== null && !['string', 'number', 'boolean'].includes(typeof rule))
    bad(where, 'must hold values or operators');
  return (values) => values.includes(rule);
}

function operator(rule: Json, where: string): MatchesValues {
  const [[name, operand] = ['', undefined], ...more] = Object.entries(rule);
  if (more.length > 0) bad(where, 'an operator object has one key');
  const here = `${where}.${name}`;
  if (name !== 'exists') {
    const test = comparison(name, operand, here);
    return (values) => values.some(test);
  }
  if (typeof operand !== 'boolean') bad(here, 'must be true or false');
  return (values) => values.length > 0 === operand;
}
