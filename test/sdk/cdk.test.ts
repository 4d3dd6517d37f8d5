import { join } from 'node:path';
import { Duration, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compilePattern } from '../../local/cloud/event-pattern.ts';
import { CallEventHandler, type EventFilter, TrunklinePlatform } from '../../sdk/cdk.ts';
import { busEventOf } from '../../sdk/testing.ts';
import { anEvent } from '../functions/an-event.ts';
import { resources } from '../lib/synthesized.ts';
import { aFolder } from '../local/stand-in.ts';
import { aCustomersApp, handlerFile } from './a-customers-app.ts';

let folder: Awaited<ReturnType<typeof aFolder>>;
beforeAll(async () => {
  folder = await aFolder();
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const anApp = (name: string) => aCustomersApp(join(folder.path, name));

describe('a CallEventHandler', () => {
  let template: Template;
  beforeAll(() => {
    const { stack, platform } = anApp('whole');
    new CallEventHandler(stack, 'Count', {
      platform,
      events: 'dtmf.received',
      where: { leg: ['a'], digit: [{ 'anything-but': '#' }] },
      entry: handlerFile('count'),
      once: true,
      readsCalls: true,
      timeout: Duration.seconds(5),
      environment: { STAGE: 'test' },
    });
    template = Template.fromStack(stack);
  });

  test('hears what was named on the bus of the platform, and nothing else', () => {
    template.resourceCountIs('AWS::Events::Rule', 1);
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: Match.anyValue(),
      EventPattern: {
        source: ['trunkline.edge', 'trunkline.control'],
        'detail-type': ['dtmf.received'],
        detail: { leg: ['a'], digit: [{ 'anything-but': '#' }] },
        'replay-name': [{ exists: false }],
      },
      Targets: [Match.objectLike({ RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 3 } })],
    });
  });

  test('imports the platform, so that deployment fails early where there is none', () => {
    const text = JSON.stringify(template.toJSON());
    expect(text).toContain('{"Fn::ImportValue":"trunkline:BusArn"}');
    expect(text).toContain('{"Fn::ImportValue":"trunkline:CallsTableArn"}');
  });

  test('may command as a client, read one call, keep what it handled, be traced, and no more', () => {
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement as { Action: unknown; Condition?: unknown }[],
    );
    expect(statements.flatMap(({ Action }) => Action).sort()).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'events:PutEvents',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
      'sqs:SendMessage',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
    expect(statements.find(({ Action }) => Action === 'events:PutEvents')).toMatchObject({
      Condition: { 'ForAllValues:StringEquals': { 'events:source': ['trunkline.client'] } },
    });
  });

  test('has its own environment beside that of the platform, a bounded run and a queue for what it fails', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: {
          STAGE: 'test',
          TRUNKLINE_BUS: Match.anyValue(),
          TRUNKLINE_CALLS_TABLE: Match.anyValue(),
          TRUNKLINE_HANDLED_TABLE: Match.anyValue(),
        },
      },
      Timeout: 5,
      TracingConfig: { Mode: 'Active' },
    });
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      MaximumEventAgeInSeconds: 60,
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
  });
});

describe('a replay from the archive', () => {
  const wanted = (name: string, hearsReplays?: boolean) => {
    const { stack, platform } = anApp(name);
    const hears = { events: 'call.answered', entry: handlerFile('greet') } as const;
    new CallEventHandler(stack, 'Greet', {
      ...{ platform, ...hears },
      ...(hearsReplays === undefined ? {} : { hearsReplays }),
    });
    const [[, rule] = []] = resources(Template.fromStack(stack), 'AWS::Events::Rule');
    const matches = compilePattern(rule?.Properties.EventPattern);
    const event = busEventOf(anEvent('call.answered'));
    return { first: matches(event), again: matches({ ...event, 'replay-name': 'again-1' }) };
  };

  test('is not heard by a handler that did not ask for it: what it does was done', () => {
    expect(wanted('unasked')).toEqual({ first: true, again: false });
  });

  test('is heard where it is asked for', () => {
    expect(wanted('asked', true)).toEqual({ first: true, again: true });
  });
});

test('what a handler fails lies where `trunkline dead-letters` looks, each in a queue of its own', () => {
  const { stack, platform } = anApp('named');
  const long = 'AHandlerWhoseNameIsLongerThanTheLettersThatSqsAllowsForTheNameOfAQueueInAnAccount';
  for (const id of ['Greet', 'Part', long])
    new CallEventHandler(stack, id, { platform, events: 'call.ended', entry: handlerFile('greet') });
  const names = resources(Template.fromStack(stack), 'AWS::SQS::Queue').map(
    ([, { Properties }]) => Properties.QueueName as string,
  );
  expect(names).toHaveLength(3);
  expect(new Set(names).size).toBe(3);
  for (const name of names) expect(name).toMatch(/^trunkline-dead-letters-[A-Za-z0-9-]{1,57}$/);
});

test('a handler of a platform with a key may decrypt what it reads, and only that', () => {
  const encryptionKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/12345678-1234-1234-1234-123456789012';
  const { stack } = anApp('key');
  const platform = TrunklinePlatform.fromPrefix(stack, 'Phones', { prefix: 'phones', encryptionKeyArn });
  const hears = { platform, events: 'call.answered', entry: handlerFile('greet') } as const;
  new CallEventHandler(stack, 'Reads', { ...hears, readsCalls: true });
  new CallEventHandler(stack, 'Hears', hears);
  const template = Template.fromStack(stack);
  expect(JSON.stringify(template.toJSON())).toContain('"phones:CallsTableArn"');
  const decrypting = resources(template, 'AWS::IAM::Policy').filter(([, policy]) =>
    JSON.stringify(policy).includes('kms:'),
  );
  expect(decrypting).toHaveLength(1);
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyName: Match.stringLikeRegexp('^Reads'),
    PolicyDocument: {
      Statement: Match.arrayWith([Match.objectLike({ Action: 'kms:Decrypt', Resource: encryptionKeyArn })]),
    },
  });
});

test('what else a function may have is passed on, and what a handler must have stays', () => {
  const { stack, platform } = anApp('passed');
  const vpc = Vpc.fromVpcAttributes(stack, 'Vpc', {
    ...{ vpcId: 'vpc-1', availabilityZones: ['eu-central-1a'], vpcCidrBlock: '10.0.0.0/16' },
    privateSubnetIds: ['subnet-1'],
  });
  new CallEventHandler(stack, 'Greet', {
    ...{ platform, events: 'call.answered', entry: handlerFile('greet') },
    environment: { NODE_OPTIONS: '--dns-result-order=ipv4first' },
    function: { vpc, allowAllOutbound: false, reservedConcurrentExecutions: 5, bundling: { minify: false } },
  });
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: { NODE_OPTIONS: '--dns-result-order=ipv4first --enable-source-maps' } },
    ReservedConcurrentExecutions: 5,
    Runtime: 'nodejs22.x',
    TracingConfig: { Mode: 'Active' },
    VpcConfig: { SubnetIds: ['subnet-1'] },
  });
  expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).toContain('ec2:CreateNetworkInterface');
});

test('a handler that reads nothing has no table and no right to read one', () => {
  const { stack, platform } = anApp('small');
  new CallEventHandler(stack, 'Greet', { platform, events: 'call.answered', entry: handlerFile('greet') });
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::DynamoDB::Table', 0);
  expect(JSON.stringify(template.findResources('AWS::IAM::Policy'))).not.toContain('dynamodb');
});

test('a stack of handlers keeps the rules of AWS Solutions', () => {
  const { app, stack, platform } = anApp('ruled');
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const shared = { platform, once: true, readsCalls: true };
  new CallEventHandler(stack, 'Count', { ...shared, events: 'dtmf.received', entry: handlerFile('count') });
  expect(() => app.synth()).not.toThrow();
  new Queue(stack, 'Careless');
  expect(() => app.synth({ force: true })).toThrow(/AwsSolutions-SQS4/);
});

describe('what is wrong is refused at synthesis, with what to change', () => {
  type Props = Omit<ConstructorParameters<typeof CallEventHandler>[2], 'platform'>;
  const make = (props: object) => () => {
    const { stack, platform } = anApp('wrong');
    new CallEventHandler(stack, 'Wrong', { platform, ...(props as Props) });
  };
  test.each([
    [
      { events: 'dtmf.recieved' },
      'Theirs/Wrong: events: dtmf.recieved is no event; events are call.received',
    ],
    [{ events: [] }, 'Theirs/Wrong: events: an empty list is no event'],
    [{ entry: '/nowhere/handler.ts' }, 'Theirs/Wrong: entry: there is no file /nowhere/handler.ts'],
    [{ where: {} }, 'Theirs/Wrong: where is no filter of EventBridge: event pattern, at where: must not be'],
    [{ where: { reason: [] } }, 'at where.reason: must not be an empty list'],
    [{ where: { reason: [{ equals: 'x' }] } }, 'at where.reason.equals: "equals" is no operator of Event'],
    [
      { once: true, reruns: 1, timeout: Duration.minutes(2) },
      'Theirs/Wrong: timeout: is 120 s; with `once` and `reruns` give at most 60 s',
    ],
  ])('%o', (wrong, message) => {
    expect(make({ events: 'call.ended', entry: handlerFile('greet'), ...wrong })).toThrow(message);
  });
});

test('an event name and a filter field that do not exist are errors of the compiler', () => {
  const { stack, platform } = anApp('typed');
  const shared = { platform, entry: handlerFile('greet') };
  // @ts-expect-error: there is no such event
  expect(() => new CallEventHandler(stack, 'A', { ...shared, events: 'call.anwsered' })).toThrow(
    'is no event',
  );
  // @ts-expect-error: call.ended has no such field
  new CallEventHandler(stack, 'B', { ...shared, events: 'call.ended', where: { reson: ['no-answer'] } });
  // @ts-expect-error: nor such a reason
  new CallEventHandler(stack, 'C', { ...shared, events: 'call.ended', where: { reason: ['no-anwser'] } });
  const routed = { ...shared, events: 'call.routed' } as const;
  // @ts-expect-error: EventBridge knows no objects in a list
  expect(() => new CallEventHandler(stack, 'D', { ...routed, where: { targets: [{ id: 'x' }] } })).toThrow(
    'at where.targets.id: "id" is no operator',
  );
  // @ts-expect-error: nor is there such a field in the objects of the list
  new CallEventHandler(stack, 'E', { ...routed, where: { targets: { ids: ['one'] } } });
});

test('a filter looks into lists of objects, and knows every comparison of EventBridge', () => {
  const routed: EventFilter<'call.routed'> = { targets: { id: [{ prefix: 'echo' }] }, source: ['live'] };
  const received: EventFilter<'call.received'> = {
    source: { address: [{ cidr: '192.0.2.0/24' }] },
    $or: [
      { trunk: [{ 'equals-ignore-case': 'CARRIER' }] },
      { from: { number: [{ 'anything-but': { prefix: ['+1', '+49'] } }] } },
    ],
  };
  expect(compilePattern(routed)(anEvent('call.routed'))).toBe(true);
  expect(compilePattern(received)(anEvent('call.received'))).toBe(true);
});
