import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compilePattern } from '../../../local/cloud/event-pattern.ts';

const name = fc.stringMatching(/^[a-z-]{1,6}$/).filter((key) => key !== '__proto__');
const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
const at = (rule: unknown) => compilePattern({ it: [rule] });

/** Patterns of exact values only, nested, and an event that has one of the values at each place. */
const { pair } = fc.letrec<{
  pair: { pattern: unknown; event: unknown };
  leaf: { pattern: unknown; event: unknown };
}>((tie) => ({
  leaf: fc
    .tuple(fc.array(scalar, { minLength: 1, maxLength: 4 }), fc.nat(), fc.boolean())
    .map(([values, index, listed]) => {
      const value = values[index % values.length];
      return { pattern: values, event: listed ? ['another', value] : value };
    }),
  pair: fc
    .dictionary(name, fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('pair')), { minKeys: 1, maxKeys: 4 })
    .map((fields) => ({
      pattern: Object.fromEntries(Object.entries(fields).map(([key, { pattern }]) => [key, pattern])),
      event: Object.fromEntries(Object.entries(fields).map(([key, { event }]) => [key, event])),
    })),
}));

test('an event made from a pattern of exact values matches it, whatever else it holds', () => {
  fc.assert(
    fc.property(pair, scalar, ({ pattern, event }, extra) => {
      expect(compilePattern(pattern)(event)).toBe(true);
      expect(compilePattern(pattern)({ ...(event as object), 'another key': extra })).toBe(true);
    }),
  );
});

test('anything-but is the opposite of exact, for every scalar', () => {
  const banned = fc.oneof(
    fc.array(fc.string({ maxLength: 2 }), { minLength: 1 }),
    fc.array(fc.integer({ max: 3, min: 0 }), { minLength: 1 }),
  );
  const value = fc.oneof(scalar, fc.string({ maxLength: 2 }), fc.integer({ max: 3, min: 0 }));
  fc.assert(
    fc.property(banned, value, (list, it) => {
      expect(at({ 'anything-but': list })({ it })).toBe(!compilePattern({ it: list })({ it }));
    }),
  );
});

/** The definition, one character at a time: right and slow. */
function matchesByDefinition(pattern: string, value: string): boolean {
  if (pattern === '') return value === '';
  if (pattern.startsWith('*')) {
    return (
      matchesByDefinition(pattern.slice(1), value) ||
      (value !== '' && matchesByDefinition(pattern, value.slice(1)))
    );
  }
  return value.startsWith(pattern.charAt(0)) && matchesByDefinition(pattern.slice(1), value.slice(1));
}

test('wildcard agrees with its definition', () => {
  const few = (letters: string, maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...letters), maxLength });
  fc.assert(
    fc.property(few('ab*', 8), few('ab', 10), (raw, it) => {
      const pattern = raw.replace(/\*+/g, '*');
      expect(at({ wildcard: pattern })({ it })).toBe(matchesByDefinition(pattern, it));
    }),
    { numRuns: 2_000 },
  );
});

test('an escaped text matches itself and nothing else', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '*', '\\') });
  fc.assert(
    fc.property(text, text, (one, other) => {
      const matches = at({ wildcard: one.replace(/[*\\]/g, String.raw`\$&`) });
      expect(matches({ it: one })).toBe(true);
      expect(matches({ it: other })).toBe(one === other);
    }),
  );
});

test('prefix and suffix, with the rest of the text, make the text', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (head, tail) => {
      expect(at({ prefix: head })({ it: head + tail })).toBe(true);
      expect(at({ suffix: tail })({ it: head + tail })).toBe(true);
    }),
  );
});

test('a wildcard of many stars is decided without going back', () => {
  // A backtracking matcher would need more steps here than there are atoms.
  const matches = at({ wildcard: `${'*a'.repeat(40)}*b` });
  expect(matches({ it: 'a'.repeat(60_000) })).toBe(false);
  expect(matches({ it: `${'a'.repeat(60_000)}b` })).toBe(true);
});
