import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../../local/cloud/event-pattern.ts';

const nothing = Symbol('no such key');

/** An operator, values it takes, values it does not. */
const operators: readonly (readonly [
  rule: unknown,
  takes: readonly unknown[],
  leaves: readonly unknown[],
])[] = [
  [
    'ringing',
    ['ringing', ['held', 'ringing'], [['held'], [['ringing']]]],
    ['Ringing', 'ring', '', null, [], nothing, { state: 'ringing' }],
  ],
  ['', [''], [' ', null, nothing]],
  [5, [5, 5.0, [1, 5]], ['5', 5.1, nothing]],
  [true, [true], ['true', false, 1, nothing]],
  [null, [null, [null]], ['null', '', 0, false, nothing]],
  [
    { prefix: 'call.' },
    ['call.', 'call.ended', ['a', 'call.b']],
    ['Call.ended', 'a.call.', 5, null, nothing],
  ],
  [{ prefix: { 'equals-ignore-case': 'Call.' } }, ['call.ended', 'CALL.'], ['all.', 5]],
  [{ suffix: '.png' }, ['.png', 'a.png'], ['a.PNG', 'a.png ', 5, nothing]],
  [{ suffix: { 'equals-ignore-case': '.PnG' } }, ['a.png', 'a.PNG'], ['png', null]],
  [{ 'equals-ignore-case': 'Busy' }, ['busy', 'BUSY', ['x', 'bUSY']], ['busy ', 5, nothing]],
  [{ exists: true }, ['', 0, null, false, ['a']], [nothing, [], { inner: 'object' }]],
  [{ exists: false }, [nothing, [], { inner: 'object' }], ['', 0, null, ['a']]],
  [
    { 'anything-but': 'ended' },
    ['ringing', '', 5, null, true, ['ended', 'ringing']],
    ['ended', ['ended'], [], nothing, { a: 1 }],
  ],
  [{ 'anything-but': 486 }, [487, '486', null], [486, nothing]],
  [
    { 'anything-but': ['ended', 'lost'] },
    ['ringing', ['ended', 'lost', 'held']],
    ['ended', 'lost', ['ended', 'lost']],
  ],
  [{ 'anything-but': [1, 2] }, [3, '1'], [1, 2, nothing]],
  [{ 'anything-but': { prefix: 'call.' } }, ['fleet.up', 5, 'Call.x'], ['call.', 'call.ended', nothing]],
  [{ 'anything-but': { prefix: ['call.', 'leg.'] } }, ['fleet.up'], ['call.x', 'leg.x']],
  [{ 'anything-but': { suffix: '.png' } }, ['a.jpg', 'png'], ['a.png', nothing]],
  [{ 'anything-but': { wildcard: '*/lib/*' } }, ['/src/a', '/lib'], ['/usr/lib/a', '/lib/']],
  [{ 'anything-but': { 'equals-ignore-case': 'busy' } }, ['free', 5], ['busy', 'BUSY']],
  [{ 'anything-but': { 'equals-ignore-case': ['busy', 'lost'] } }, ['free'], ['BUSY', 'Lost']],
  [{ numeric: ['=', 301.8] }, [301.8, 3.018e2, [1, 301.8]], [301, '301.8', null, nothing]],
  [{ numeric: ['<', 10] }, [9.99, -5e9], [10, '9', nothing]],
  [{ numeric: ['<=', 10] }, [10], [10.01]],
  [{ numeric: ['>', 0] }, [0.001], [0, -1]],
  [{ numeric: ['>=', 0] }, [0], [-0.001]],
  [{ numeric: ['>', 0, '<=', 5] }, [0.1, 5, [9, 3]], [0, 5.1, [0, 9]]],
  [
    { cidr: '10.0.0.0/24' },
    ['10.0.0.0', '10.0.0.255', ['1.1.1.1', '10.0.0.7']],
    ['10.0.1.0', '10.0.0', '0xa.0.0.1', '::1', 10, nothing],
  ],
  [{ cidr: '2001:db8::/32' }, ['2001:db8::1', '2001:0DB8:ffff::'], ['2001:db9::', '10.0.0.1', 'host']],
  [{ wildcard: '*' }, ['', 'anything\nat all'], [5, nothing]],
  [
    { wildcard: 'dir/*.png' },
    ['dir/a.png', 'dir/.png', 'dir/a/b.png'],
    ['dir/a.jpg', 'a/dir/a.png', 'dir/a.png.bak'],
  ],
  [{ wildcard: '*ab*ab*' }, ['abab', 'xabyabz'], ['ab', 'aba']],
  [{ wildcard: 'ab*ba' }, ['abba', 'abxba'], ['aba']],
  [{ wildcard: 'a.c' }, ['a.c'], ['abc']],
  [{ wildcard: String.raw`a\*b\\*` }, [String.raw`a*b\x`, 'a*b\\'], ['axb\\', 'a*b']],
];

const eventWith = (value: unknown) => ({ detail: value === nothing ? { other: 1 } : { it: value } });

describe.each(operators)('%j', (rule, takes, leaves) => {
  const matches = compilePattern({ detail: { it: [rule] } });
  test.each(takes.map(eventWith))('matches %j', (event) => expect(matches(event)).toBe(true));
  test.each(leaves.map(eventWith))('leaves %j', (event) => expect(matches(event)).toBe(false));
});

/** What a whole pattern makes of several events. */
const story = (pattern: unknown, takes: readonly unknown[], leaves: readonly unknown[]) => {
  const matches = compilePattern(pattern);
  for (const event of takes) expect(matches(event), JSON.stringify(event)).toBe(true);
  for (const event of leaves) expect(matches(event), JSON.stringify(event)).toBe(false);
};

describe('fields together', () => {
  test('every field must match, any of its values may', () =>
    story(
      { source: ['a', 'b'], state: [1] },
      [{ source: 'b', state: 1, more: true }],
      [{ source: 'b' }, { source: 'c', state: 1 }],
    ));

  test('$or takes one of its patterns, beside the other fields', () =>
    story(
      { source: ['a'], $or: [{ x: [1] }, { y: [1], z: [1] }] },
      [
        { source: 'a', x: 1 },
        { source: 'a', y: 1, z: 1 },
      ],
      [{ source: 'b', x: 1 }, { source: 'a', y: 1 }, { source: 'a' }],
    ));

  test('$or nests, in itself and in objects', () =>
    story(
      { detail: { $or: [{ a: [1] }, { b: [1], $or: [{ c: [1] }, { d: [{ exists: false }] }] }] } },
      [{ detail: { a: 1 } }, { detail: { b: 1, c: 1, d: 1 } }, { detail: { b: 1 } }],
      [{ detail: { b: 1, d: 1 } }, {}],
    ));

  test('two fields of objects in a list must match in the same object', () =>
    story(
      { staff: { first: ['Anna'], last: ['Smith'] } },
      [
        { staff: [{ first: 'John' }, { first: 'Anna', last: 'Smith' }] },
        { staff: [[{ first: 'Anna', last: 'Smith' }]] },
      ],
      [
        {
          staff: [
            { first: 'Anna', last: 'Jones' },
            { first: 'Peter', last: 'Smith' },
          ],
        },
        { staff: [] },
        { staff: 'Anna' },
      ],
    ));

  test('a field inside of an object that is not there does not exist', () =>
    story(
      { a: { b: { c: [{ exists: false }] } } },
      [{}, { a: 1 }, { a: { b: {} } }],
      [{ a: { b: { c: null } } }],
    ));

  test('what every object inherits is no field', () =>
    story({ constructor: [{ exists: true }] }, [{ constructor: 1 }], [{}]));
});

test.each([
  ['no object', 'x', 'at the top: must be an object'],
  ['an empty pattern', {}, 'at the top: must not be empty'],
  ['an empty object', { detail: {} }, 'at detail: must not be empty'],
  ['an empty list', { detail: { a: [] } }, 'at detail.a: must not be an empty list'],
  ['a value without a list', { detail: { a: 'x' } }, 'at detail.a: must be an object or a list'],
  ['a list in a list', { a: [['x']] }, 'at a: must hold values or operators'],
  ['an operator nobody knows', { a: [{ regex: 'x' }] }, 'at a.regex: "regex" is no operator'],
  ['two operators in one', { a: [{ prefix: 'x', suffix: 'y' }] }, 'at a: an operator object has one key'],
  ['exists with a word', { a: [{ exists: 'yes' }] }, 'at a.exists: must be true or false'],
  ['a prefix of a number', { a: [{ prefix: 5 }] }, 'at a.prefix: must be a string'],
  [
    'another operator inside prefix',
    { a: [{ prefix: { suffix: 'x' } }] },
    'at a.prefix.equals-ignore-case: must be a string',
  ],
  ['anything-but nothing', { a: [{ 'anything-but': [] }] }, 'at a.anything-but: must not be an empty list'],
  [
    'anything-but of a mixture',
    { a: [{ 'anything-but': ['x', 1] }] },
    'at a.anything-but: must be a string, a number',
  ],
  ['anything-but null', { a: [{ 'anything-but': null }] }, 'at a.anything-but: must be a string, a number'],
  [
    'anything-but of exists',
    { a: [{ 'anything-but': { exists: true } }] },
    'at a.anything-but: takes values, or one of',
  ],
  ['numeric without a bound', { a: [{ numeric: ['<'] }] }, 'at a.numeric: must be [OPERATOR, NUMBER]'],
  ['numeric with another sign', { a: [{ numeric: ['!=', 1] }] }, 'at a.numeric: "!=" is none of'],
  ['numeric with a text', { a: [{ numeric: ['<', '1'] }] }, 'at a.numeric: a bound is a number'],
  ['numeric beyond its limits', { a: [{ numeric: ['<', 6e9] }] }, 'at a.numeric: a bound is a number within'],
  ['a range upside down', { a: [{ numeric: ['<', 5, '>', 0] }] }, 'at a.numeric: a range is'],
  ['a range of nothing', { a: [{ numeric: ['>', 5, '<', 5] }] }, 'at a.numeric: a range is'],
  ['half an address', { a: [{ cidr: '10.0/8' }] }, 'at a.cidr: "10.0/8" is no CIDR block'],
  ['two stars', { a: [{ wildcard: 'a**b' }] }, 'at a.wildcard: must not have two *'],
  [
    'a backslash for nothing',
    { a: [{ wildcard: String.raw`a\b` }] },
    'at a.wildcard: a backslash escapes only',
  ],
  ['a backslash at the end', { a: [{ wildcard: 'a\\' }] }, 'at a.wildcard: a backslash escapes only'],
  ['$or of one', { $or: [{ a: [1] }] }, 'at $or: $or needs at least two'],
  ['a fault inside $or', { d: { $or: [{ a: [1] }, { a: [] }] } }, 'at d.$or[1].a: must not be an empty list'],
])('%s is refused with its place', (_what, pattern, message) => {
  expect(() => compilePattern(pattern)).toThrow(message);
});
