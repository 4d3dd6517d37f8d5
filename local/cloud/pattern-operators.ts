import ipaddr from 'ipaddr.js';

/** Whether one scalar of an event is what an operator asks for. */
export type Test = (value: unknown) => boolean;
export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
export const bad = (where: string, what: string): never => {
  throw new Error(`event pattern, at ${where || 'the top'}: ${what}`);
};

/** Operators that look at one value, by the name EventBridge gives them. */
export function comparison(name: string, operand: unknown, where: string): Test {
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
    case 'anything-but':
      return anythingBut(operand, where);
    default:
      return bad(where, `"${name}" is no operator of EventBridge`);
  }
}

const text = (operand: unknown, where: string): string =>
  isText(operand) ? operand : bad(where, 'must be a string');

function affix(operand: unknown, where: string, has: (value: string, part: string) => boolean): Test {
  if (isObject(operand)) {
    const part = text(operand['equals-ignore-case'], `${where}.equals-ignore-case`).toLowerCase();
    return (value) => isText(value) && has(value.toLowerCase(), part);
  }
  const part = text(operand, where);
  return (value) => isText(value) && has(value, part);
}

/** Takes strings or numbers, but no mixture, or one other operator: so says the rule language. */
function anythingBut(operand: unknown, where: string): Test {
  if (isObject(operand)) {
    const [[name, inner] = ['', undefined], ...more] = Object.entries(operand);
    if (more.length > 0 || !['prefix', 'suffix', 'wildcard', 'equals-ignore-case'].includes(name)) {
      bad(where, 'takes values, or one of prefix, suffix, wildcard, equals-ignore-case');
    }
    const each = oneOrMore(inner, where).map((one) => comparison(name, one, `${where}.${name}`));
    return (value) => !each.some((test) => test(value));
  }
  const values = oneOrMore(operand, where);
  const kinds = new Set(values.map((value) => typeof value));
  if (kinds.size !== 1 || !(kinds.has('string') || kinds.has('number'))) {
    bad(where, 'must be a string, a number, or a list of strings or of numbers');
  }
  return (value) => !values.includes(value);
}

function oneOrMore(operand: unknown, where: string): readonly unknown[] {
  const values: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  return values.length > 0 ? values : bad(where, 'must not be an empty list');
}

/**
 * `*` is any run of characters; `\*` and `\\` stand for themselves. Looks for the literals between the stars one after
 * the other, each at its first place, so that no pattern makes it go back.
 */
function wildcard(pattern: string, where: string): Test {
  const [first = '', ...rest] = literals(pattern, where);
  const last = rest.pop();
  if (last === undefined) return (value) => value === first;
  return (value) => {
    if (!isText(value) || !value.startsWith(first) || !value.endsWith(last)) return false;
    let at = first.length;
    for (const literal of rest) {
      const found = value.indexOf(literal, at);
      if (found < 0) return false;
      at = found + literal.length;
    }
    return at + last.length <= value.length;
  };
}

/** The parts before, between and behind the stars. */
function literals(pattern: string, where: string): string[] {
  const parts = [''];
  const append = (character: string) => parts.push(`${parts.pop()}${character}`);
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (character === '*') {
      if (pattern[at + 1] === '*') bad(where, 'must not have two * in a row');
      parts.push('');
    } else if (character === '\\') {
      at += 1;
      if (pattern[at] !== '*' && pattern[at] !== '\\') bad(where, 'a backslash escapes only * and \\');
      append(pattern.charAt(at));
    } else append(character);
  }
  return parts;
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
  const [low, from, high, to] = operand as unknown[];
  const above = bound(low, from, where);
  if (operand.length === 2) return (value) => typeof value === 'number' && above(value);
  const below = bound(high, to, where);
  if (!/^>/.test(String(low)) || !/^</.test(String(high)) || Number(from) >= Number(to)) {
    bad(where, 'a range is > or >= of its lower end, then < or <= of its upper end');
  }
  return (value) => typeof value === 'number' && above(value) && below(value);
}

function bound(symbol: unknown, limit: unknown, where: string): (value: number) => boolean {
  const compare = comparisons[String(symbol)] ?? bad(where, `"${String(symbol)}" is none of = < <= > >=`);
  if (typeof limit !== 'number' || Math.abs(limit) > 5e9)
    return bad(where, 'a bound is a number within ±5,000,000,000');
  return (value) => compare(value, limit);
}

/** ipaddr.js also reads "1" and "0x7f.1" as IPv4, as inet_aton does; EventBridge does not. */
function cidr(block: string, where: string): Test {
  if (!ipaddr.IPv4.isValidCIDRFourPartDecimal(block) && !ipaddr.IPv6.isValidCIDR(block)) {
    bad(where, `"${block}" is no CIDR block`);
  }
  const [network, prefix] = ipaddr.parseCIDR(block);
  return (value) => {
    if (!isText(value) || !(ipaddr.IPv4.isValidFourPartDecimal(value) || ipaddr.IPv6.isValid(value)))
      return false;
    const address = ipaddr.parse(value);
    return address.kind() === network.kind() && address.match([network, prefix] as [ipaddr.IPv4, number]);
  };
}
