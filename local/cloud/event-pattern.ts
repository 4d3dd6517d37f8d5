import ipaddr from 'ipaddr.js';

/** Whether an event matches. Made by {@link compilePattern}. */
export type Matches = (event: unknown) => boolean;

type Test = (value: unknown) => boolean;
type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const bad = (where: string, what: string): never => {
  throw new Error(`event pattern, at ${where || 'the top'}: ${what}`);
};

/**
 * Compiles an EventBridge event pattern: exact values, null, prefix, suffix, anything-but, numeric, exists, cidr,
 * equals-ignore-case, wildcard and $or. Source: Amazon EventBridge User Guide, "Comparison operators for event patterns".
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
    const any = rule.map((each) => compilePattern(each, here));
    return (event) => any.some((matches) => matches(event));
  }
  if (Array.isArray(rule)) {
    const any = leaf(rule, here);
    return (event) => any(valuesOf(event, key));
  }
  const inner = compilePattern(rule, here);
  return (event) => valuesOf(event, key).some((value) => isObject(value) && inner(value));
}

/** An array in an event stands for each of its values. */
function valuesOf(event: unknown, key: string): readonly unknown[] {
  if (!isObject(event) || !Object.hasOwn(event, key)) return [];
  const value = event[key];
  return Array.isArray(value) ? value.flat() : [value];
}

function leaf(rules: readonly unknown[], where: string): (values: readonly unknown[]) => boolean {
  if (rules.length === 0) bad(where, 'must not be an empty list');
  const any = rules.map((rule) => (isObject(rule) ? operator(rule, where) : exact(rule, where)));
  return (values) => any.some((matches) => matches(values));
}

const someValue =
  (test: Test) =>
  (values: readonly unknown[]): boolean =>
    values.some(test);

function exact(rule: unknown, where: string) {
  if (rule !== null && !['string', 'number', 'boolean'].includes(typeof rule)) bad(where, 'must hold values or operators');
  return someValue((value) => value === rule);
}

function operator(rule: Json, where: string): (values: readonly unknown[]) => boolean {
  const [[name, operand] = ['', undefined], ...more] = Object.entries(rule);
  if (more.length > 0) bad(where, 'an operator object has one key');
  const here = `${where}.${name}`;
  if (name === 'exists') {
    if (typeof operand !== 'boolean') bad(here, 'must be true or false');
    return (values) => values.length > 0 === operand;
  }
  if (name === 'anything-but') {
    const excluded = anythingBut(operand, here);
    return (values) => values.length > 0 && values.some((value) => !excluded(value));
  }
  return someValue(comparison(name, operand, here));
}

function comparison(name: string, operand: unknown, where: string): Test {
  switch (name) {
    case 'prefix':
      return affix(operand, where, (value, part) => value.startsWith(part));
    case 'suffix':
      return affix(operand, where, (value, part) => value.endsWith(part));
    case 'equals-ignore-case': {
      const wanted = text(operand, where).toLowerCase();
      return (value) => isText(value) && value.toLowerCase() === wanted;
    }
    case 'wildcard':
      return wildcard(text(operand, where), where);
    case 'numeric':
      return numeric(operand, where);
    case 'cidr':
      return cidr(text(operand, where), where);
    default:
      return bad(where, `"${name}" is no operator of EventBridge`);
  }
}

const text = (operand: unknown, where: string): string => (isText(operand) ? operand : bad(where, 'must be a string'));

function affix(operand: unknown, where: string, has: (value: string, part: string) => boolean): Test {
  if (isObject(operand)) {
    const part = text(operand['equals-ignore-case'], `${where}.equals-ignore-case`).toLowerCase();
    return (value) => isText(value) && has(value.toLowerCase(), part);
  }
  const part = text(operand, where);
  return (value) => isText(value) && has(value, part);
}

function anythingBut(operand: unknown, where: string): Test {
  if (isObject(operand)) {
    const [[name, inner] = ['', undefined], ...more] = Object.entries(operand);
    if (more.length > 0 || !['prefix', 'suffix', 'wildcard', 'equals-ignore-case'].includes(name)) {
      bad(where, 'takes values, or one of prefix, suffix, wildcard, equals-ignore-case');
    }
    const each = (Array.isArray(inner) ? inner : [inner]).map((one) => comparison(name, one, `${where}.${name}`));
    return (value) => each.some((test) => test(value));
  }
  const values = Array.isArray(operand) ? operand : [operand];
  if (values.length === 0 || values.some((value) => value !== null && !['string', 'number'].includes(typeof value))) {
    bad(where, 'must be a string, a number, or a list of them');
  }
  return (value) => values.includes(value);
}

/** `*` is any run of characters; `\*` and `\\` stand for themselves. */
function wildcard(pattern: string, where: string): Test {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? '';
    if (character === '*') {
      if (pattern[at + 1] === '*') bad(where, 'must not have two * in a row');
      source += '.*';
    } else if (character === '\\') {
      at += 1;
      if (pattern[at] !== '*' && pattern[at] !== '\\') bad(where, 'a backslash escapes only * and \\');
      source += `\\${pattern[at]}`;
    } else source += character.replace(/[.*+?^${}()|[\]/]/g, '\\$&');
  }
  const expression = new RegExp(`^${source}$`, 's');
  return (value) => isText(value) && expression.test(value);
}

const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

function numeric(operand: unknown, where: string): Test {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    return bad(where, 'must be [OPERATOR, NUMBER] or a range of two such pairs');
  }
  const bounds = Array.from({ length: operand.length / 2 }, (_, index) => {
    const [symbol, bound] = [operand[index * 2], operand[index * 2 + 1]];
    const compare = comparisons[String(symbol)] ?? bad(where, `"${String(symbol)}" is none of = < <= > >=`);
    if (typeof bound !== 'number' || Math.abs(bound) > 5e9) bad(where, 'a bound is a number within ±5,000,000,000');
    return (value: number) => compare(value, bound as number);
  });
  return (value) => typeof value === 'number' && bounds.every((within) => within(value));
}

function cidr(block: string, where: string): Test {
  if (!ipaddr.isValidCIDR(block)) bad(where, `"${block}" is no CIDR block`);
  const [network, prefix] = ipaddr.parseCIDR(block);
  return (value) => {
    if (!isText(value) || !ipaddr.isValid(value)) return false;
    const address = ipaddr.parse(value);
    return address.kind() === network.kind() && address.match([network, prefix] as [ipaddr.IPv4, number]);
  };
}
