import { join } from 'node:path';
import { Duration, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CallEventHandler } from '../../sdk/cdk.ts';
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
  const make = (props: { events: unknown; entry: string }) => () => {
    const { stack, platform } = anApp('wrong');
    new CallEventHandler(stack, 'Wrong', { platform, ...(props as { events: 'call.ended'; entry: string }) });
  };
  test.each([
    [
      { events: 'dtmf.recieved' },
      'Theirs/Wrong: events: dtmf.recieved is no event; events are call.received',
    ],
    [{ events: [] }, 'Theirs/Wrong: events: an empty list is no event'],
    [{ entry: '/nowhere/handler.ts' }, 'Theirs/Wrong: entry: there is no file /nowhere/handler.ts'],
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
});
