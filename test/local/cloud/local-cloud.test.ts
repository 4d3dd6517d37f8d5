import { describe, expect, test } from 'vitest';
import { aCloud } from './a-cloud.ts';

describe('the local cloud', () => {
  test('names what it does not emulate, and is silent on what means nothing here', async () => {
    await using cloud = await aCloud({
      Topic: { Type: 'AWS::SNS::Topic' },
      OnCall: { Type: 'AWS::SNS::Topic' },
      Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmActions: [{ Ref: 'OnCall' }] } },
      Stream: { Type: 'AWS::Kinesis::Stream' },
      Role: { Type: 'AWS::IAM::Role' },
      Logs: { Type: 'AWS::Logs::LogGroup' },
      Inbox: { Type: 'AWS::SQS::Queue' },
    });
    expect(cloud.notEmulated).toEqual([
      { logicalId: 'Topic', type: 'AWS::SNS::Topic' },
      { logicalId: 'Stream', type: 'AWS::Kinesis::Stream' },
    ]);
  });

  test.each([
    [
      'a service',
      { 'x-amz-target': 'Kinesis_20131202.PutRecord' },
      'no service on this machine answers Kinesis_20131202.PutRecord',
    ],
    ['a path', {}, 'no service on this machine answers POST /'],
  ])('answers 501 for %s that it has not', async (_what, headers, message) => {
    await using cloud = await aCloud({});
    const answer = await fetch(cloud.endpoint, { method: 'POST', headers, body: '{}' });
    expect([answer.status, await answer.json()]).toEqual([501, { __type: 'NotImplemented', message }]);
  });

  test('answers 400 for a body that is no JSON', async () => {
    await using cloud = await aCloud({});
    const headers = { 'x-amz-target': 'AmazonSQS.SendMessage' };
    const answer = await fetch(cloud.endpoint, { method: 'POST', headers, body: 'no JSON' });
    expect([answer.status, await answer.json()]).toMatchObject([400, { __type: 'SerializationException' }]);
  });

  test('listens on loopback alone, and no more once it has stopped', async () => {
    const cloud = await aCloud({});
    expect(new URL(cloud.endpoint).hostname).toBe('127.0.0.1');
    await cloud[Symbol.asyncDispose]();
    await expect(fetch(cloud.endpoint)).rejects.toThrow('fetch failed');
  });
});

// biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own.
const sub = '${AWS::Region}/${Inbox.Arn}/${own}/${!kept}';

describe('the template', () => {
  test('has its intrinsic functions resolved', async () => {
    await using cloud = await aCloud(
      {
        Inbox: {
          Type: 'AWS::SQS::Queue',
          Properties: { QueueName: { 'Fn::Join': ['-', ['to', { Ref: 'AWS::StackName' }]] } },
        },
        Show: {
          Type: 'AWS::Lambda::Function',
          Properties: {
            Handler: 'index.handler',
            Code: { S3Key: 'show.zip' },
            Environment: {
              Variables: {
                URL: { Ref: 'Inbox' },
                ARN: { 'Fn::GetAtt': ['Inbox', 'Arn'] },
                NAME: { 'Fn::GetAtt': 'Inbox.QueueName' },
                SUB: { 'Fn::Sub': [sub, { own: { Ref: 'AWS::AccountId' } }] },
                PICK: { 'Fn::Select': [1, { 'Fn::Split': [',', 'a,b,c'] }] },
                NONE: { Ref: 'AWS::NoValue' },
              },
            },
          },
        },
      },
      { code: { show: 'export const handler = async () => process.env;' } },
    );
    const arn = 'arn:aws:sqs:local-1:000000000000:to-Test';
    const shown = await cloud.invoke('Show', {});
    expect(shown).toMatchObject({
      URL: cloud.urlOf('to-Test'),
      ARN: arn,
      NAME: 'to-Test',
      SUB: `local-1/${arn}/000000000000/\${kept}`,
      PICK: 'b',
    });
    expect(shown).not.toHaveProperty('NONE');
  });

  test('leaves out what its conditions leave out', async () => {
    const equals = (one: string, other: string) => ({ 'Fn::Equals': [one, other] });
    await using cloud = await aCloud(
      {
        Always: {
          Type: 'AWS::SQS::Queue',
          Properties: { QueueName: { 'Fn::If': ['Yes', 'taken', 'other'] } },
        },
        Never: { Type: 'AWS::SNS::Topic', Condition: 'No' },
      },
      {
        template: {
          Parameters: { Stage: { Default: 'test' } },
          Mappings: { Stages: { test: { name: 'small' } } },
          Conditions: {
            Yes: { 'Fn::Equals': [{ 'Fn::FindInMap': ['Stages', { Ref: 'Stage' }, 'name'] }, 'small'] },
            No: { 'Fn::And': [{ Condition: 'Yes' }, { 'Fn::Not': [equals('a', 'a')] }] },
          },
          Outputs: {
            There: { Value: { Ref: 'Always' } },
            Gone: { Value: { Ref: 'Never' }, Condition: 'No' },
          },
        },
      },
    );
    expect(cloud.outputs).toEqual({ There: cloud.urlOf('taken') });
    expect(cloud.notEmulated).toEqual([]);
  });

  test.each([
    ['a reference to nothing', { Ref: 'Nobody' }, 'the template refers to Nobody, which it does not have'],
    ['a function that is not resolved here', { 'Fn::Cidr': 'x' }, 'Fn::Cidr is not resolved on this machine'],
    [
      'an import of what nobody exports',
      { 'Fn::ImportValue': 'x' },
      'stack Test imports "x", which no stack before it exports; exported: nothing',
    ],
  ])('%s stops the start', async (_what, QueueName, message) => {
    await expect(aCloud({ Inbox: { Type: 'AWS::SQS::Queue', Properties: { QueueName } } })).rejects.toThrow(
      message,
    );
  });

  test('a second stack imports what the first exports, and what bears one name in both is told apart', async () => {
    const inbox = { Type: 'AWS::SQS::Queue', Properties: {} };
    await using cloud = await aCloud(
      { Inbox: inbox },
      {
        template: {
          Outputs: { Name: { Value: { 'Fn::GetAtt': ['Inbox', 'QueueName'] }, Export: { Name: 'first' } } },
        },
        others: {
          Second: {
            Resources: {
              Inbox: inbox,
              Own: {
                Type: 'AWS::SQS::Queue',
                Properties: {
                  QueueName: { 'Fn::Join': ['-', [{ 'Fn::ImportValue': 'first' }, 'too']] },
                },
              },
            },
            Outputs: { Here: { Value: { Ref: 'Inbox' } }, Name: { Value: 'of the second' } },
          },
        },
      },
    );
    expect(cloud.queues).toEqual(['Inbox', 'Second-Inbox', 'Inbox-too']);
    expect(cloud.outputs).toEqual({ Name: 'Inbox', Here: cloud.urlOf('Second-Inbox') });
  });

  test('a second stack that exports what the first does stops the start, as it stops a deployment', async () => {
    const Outputs = { BusName: { Value: 'trunkline', Export: { Name: 'trunkline:BusName' } } };
    const second = { Theirs: { Resources: {}, Outputs } };
    await expect(aCloud({}, { template: { Outputs }, others: second })).rejects.toThrow(
      'the stack Theirs exports trunkline:BusName, and a stack before it does already; where the platform is there, an app imports it',
    );
  });
});
