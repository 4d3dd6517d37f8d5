import { describe, expect, test } from 'vitest';
import { createAuthorizer } from '../../../../local/cloud/iam/authorizer.ts';
import { like } from '../../../../local/cloud/iam/like.ts';
import { matchOf, readStatements } from '../../../../local/cloud/iam/statement.ts';
import type { Template } from '../../../../local/cloud/template.ts';

const arn = (name: string) => `arn:aws:iam::000000000000:role/${name}`;
const table = 'arn:aws:dynamodb:local-1:000000000000:table/Calls';

const allow = (Action: unknown, Resource: unknown = table, more: object = {}) => ({
  ...{ Effect: 'Allow', Action, Resource },
  ...more,
});

/** A function with a role that these statements are attached to. */
function aTemplate(...Statement: object[]): Template {
  const resource = (logicalId: string, type: string, properties: Record<string, unknown>) => ({
    ...{ logicalId, type, properties, arn: arn(logicalId) },
  });
  return {
    resources: [
      resource('Role', 'AWS::IAM::Role', { Policies: [] }),
      resource('Function', 'AWS::Lambda::Function', { Role: arn('Role') }),
      resource('Policy', 'AWS::IAM::Policy', { Roles: ['Role'], PolicyDocument: { Statement } }),
    ],
    outputs: {},
    asset: () => '',
  };
}

function anAuthorizer(...statements: object[]) {
  const ignored: string[] = [];
  const authorizer = createAuthorizer((what) => ignored.push(what));
  authorizer.start(aTemplate(...statements));
  const key = authorizer.keyOf(arn('Role'));
  return {
    ...authorizer,
    may: (action: string, resource = table, context = {}) =>
      authorizer.allows(key, { action, resource, context }),
    key,
    ignored,
  };
}

describe('what a policy allows', () => {
  test.each([
    ['the action and the resource that it names', allow('dynamodb:GetItem'), true],
    ['one of several', allow(['dynamodb:PutItem', 'dynamodb:GetItem'], [table, 'arn:x']), true],
    ['an action with a star, whatever its case', allow('DynamoDB:Get*'), true],
    ['a resource with a star', allow('dynamodb:GetItem', 'arn:aws:dynamodb:*:*:table/Ca??s'), true],
    ['not another action', allow('dynamodb:PutItem'), false],
    ['not another resource', allow('dynamodb:GetItem', `${table}2`), false],
    ['not an index of the table', allow('dynamodb:GetItem', `${table}/index/*`), false],
  ])('%s', (_what, statement, expected) => {
    expect(anAuthorizer(statement).may('dynamodb:GetItem')).toBe(expected);
  });

  test('nothing where nothing is said, and nothing that is denied', () => {
    expect(anAuthorizer().may('dynamodb:GetItem')).toBe(false);
    const denied = { Effect: 'Deny', Action: 'dynamodb:*', Resource: '*' };
    expect(anAuthorizer(allow('dynamodb:GetItem'), denied).may('dynamodb:GetItem')).toBe(false);
  });
});

describe('conditions', () => {
  const leading = (operator: string, values: unknown) =>
    anAuthorizer(
      allow('dynamodb:GetItem', table, { Condition: { [operator]: { 'dynamodb:LeadingKeys': values } } }),
    );
  test.each([
    ['ForAllValues:StringEquals', ['routing'], ['routing'], true],
    ['ForAllValues:StringEquals', ['routing'], ['routing', 'other'], false],
    ['ForAllValues:StringEquals', ['routing'], [], true],
    ['ForAnyValue:StringEquals', ['routing'], ['other', 'routing'], true],
    ['ForAnyValue:StringEquals', ['routing'], [], false],
    ['StringEquals', 'routing', ['routing'], true],
    ['StringEquals', ['a', 'b'], ['b'], true],
    ['StringLike', 'edge-*', ['edge-1'], true],
    ['StringLike', 'edge-*', ['hedge-1'], false],
  ])('%s %o with %o: %s', (operator, wanted, found, expected) => {
    expect(leading(operator, wanted).may('dynamodb:GetItem', table, { 'dynamodb:LeadingKeys': found })).toBe(
      expected,
    );
  });

  test('all of them must hold', () => {
    const both = allow('events:PutEvents', '*', {
      Condition: { StringEquals: { 'events:source': 'a', 'events:detail-type': 'b' } },
    });
    const { may } = anAuthorizer(both);
    const said = (source: string, type: string) =>
      may('events:PutEvents', 'arn:bus', { 'events:source': [source], 'events:detail-type': [type] });
    expect([said('a', 'b'), said('a', 'c'), said('x', 'b')]).toEqual([true, false, false]);
  });

  test.each([
    [
      'an operator that is not known',
      { Condition: { NumericLessThan: { 'events:source': 1 } } },
      'condition operator NumericLessThan',
    ],
    [
      'a key that is not known',
      { Condition: { StringEquals: { 'aws:userid': 'x' } } },
      'condition key aws:userid',
    ],
    ['NotAction', { NotAction: 'x' }, 'NotAction'],
  ])('%s allows nothing, which is told; to deny by it stops the start', (_what, more, message) => {
    const { may, ignored } = anAuthorizer(allow('a:b', '*', more));
    expect([may('a:b', 'arn:x'), ignored]).toEqual([
      false,
      [`Policy: ${message} is not evaluated on this machine`],
    ]);
    expect(() => anAuthorizer({ ...allow('a:b', '*', more), Effect: 'Deny' })).toThrow(message);
  });
});

test('a refusal names who, what and where, as AWS does', () => {
  const { check, key } = anAuthorizer(allow('dynamodb:PutItem'));
  expect(() => check(key, [{ action: 'dynamodb:GetItem', resource: table }])).toThrow(
    `User: arn:aws:sts::000000000000:assumed-role/Role is not authorized to perform: dynamodb:GetItem on resource: ${table} because no identity-based policy allows the dynamodb:GetItem action`,
  );
});

test('the operator may do everything, and a role of another cloud nothing', () => {
  const { check } = anAuthorizer();
  const needs = [{ action: 'dynamodb:GetItem', resource: table }];
  expect(() => check('local', needs)).not.toThrow();
  expect(() => check('ROLE-Elsewhere', needs)).toThrow(
    'The security token included in the request is invalid',
  );
});

test('what was allowed and done is told apart from what was only allowed', () => {
  const { may, grants } = anAuthorizer(
    allow(['dynamodb:GetItem', 'dynamodb:Put*'], [table, `${table}/index/*`]),
    allow('sqs:SendMessage', arn('Function')),
  );
  may('dynamodb:PutItem');
  may('sqs:SendMessage', 'arn:other');
  expect(grants()).toEqual([
    { principal: 'Role', action: 'dynamodb:GetItem', resource: table, used: false },
    { principal: 'Role', action: 'dynamodb:GetItem', resource: `${table}/index/*`, used: false },
    { principal: 'Role', action: 'dynamodb:Put*', resource: table, used: true },
    { principal: 'Role', action: 'dynamodb:Put*', resource: `${table}/index/*`, used: false },
    { principal: 'Role', action: 'sqs:SendMessage', resource: 'Function', used: false },
  ]);
});

test.each([
  ['a*c', 'abbc', true],
  ['a*c', 'abcd', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a.c', 'abc', false],
  ['arn:(x)+*', 'arn:(x)+y', true],
])('%s is like %s: %s', (pattern, text, expected) => {
  expect(like(pattern, text)).toBe(expected);
});

test('a statement speaks only of what it names', () => {
  const [statement] = readStatements({ Statement: allow('s3:*', 'arn:b/*') }, 'x', () => undefined);
  if (!statement) throw new Error('no statement was read');
  expect(matchOf(statement, { action: 's3:GetObject', resource: 'arn:b/c' })).toEqual({
    ...{ action: 's3:*', resource: 'arn:b/*' },
  });
  expect(matchOf(statement, { action: 's3:GetObject', resource: 'arn:b' })).toBeUndefined();
});
