import { join } from 'node:path';
import { Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CallEventHandler, TrunklinePlatform, type TrunklineSettings } from '../../sdk/cdk.ts';
import { resources, synthesized } from '../lib/synthesized.ts';
import { aFolder } from '../local/stand-in.ts';
import { anAppOfTheirs, handlerFile } from './a-customers-app.ts';

let folder: Awaited<ReturnType<typeof aFolder>>;
beforeAll(async () => {
  folder = await aFolder();
});
afterAll(() => folder?.[Symbol.asyncDispose]());

const isWarning = ({ type }: { readonly type: string }) => type === 'aws:cdk:warning';

function deploying(name: string, settings: TrunklineSettings = {}) {
  const { app, stack } = anAppOfTheirs(join(folder.path, name));
  return { app, stack, platform: new TrunklinePlatform(stack, 'Phones', settings) };
}

describe("a platform in a customer's own stack", () => {
  test('exports what our own stack exports, so that other stacks and edges find it alike', () => {
    const exported = (template: Template) =>
      Object.values(template.findOutputs('*')).map(({ Export }) => Export.Name);
    const settings = { prefix: 'phones', edges: ['edge-1', 'edge-2'] };
    const { stack } = deploying('exports', settings);
    expect(exported(Template.fromStack(stack)).sort()).toEqual(exported(synthesized(settings)).sort());
  });

  test('is what a handler beside it hears, commands and reads, without any import', () => {
    const { stack, platform } = deploying('beside');
    const hears = { events: 'dtmf.received', entry: handlerFile('count') } as const;
    new CallEventHandler(stack, 'Count', { platform, ...hears, readsCalls: true });
    const template = Template.fromStack(stack);
    expect(JSON.stringify(template.toJSON())).not.toContain('Fn::ImportValue');
    const [[bus] = []] = resources(template, 'AWS::Events::EventBus');
    template.hasResourceProperties('AWS::Events::Rule', {
      EventBusName: { Ref: bus },
      EventPattern: { 'detail-type': ['dtmf.received'] },
    });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyName: Match.stringLikeRegexp('^Count'),
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: 'events:PutEvents', Resource: { 'Fn::GetAtt': [bus, 'Arn'] } }),
          Match.objectLike({ Action: 'dynamodb:GetItem' }),
        ]),
      },
    });
  });

  test('lets whoever reads calls use the key that encrypts them', () => {
    const encryptionKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/12345678-1234-1234-1234-123456789012';
    const { stack, platform } = deploying('key', { encryptionKeyArn });
    const reader = new Role(stack, 'Reader', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    platform.grantReadCalls(reader);
    Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
      PolicyName: Match.stringLikeRegexp('^Reader'),
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Action: 'kms:Decrypt', Resource: encryptionKeyArn })]),
      },
    });
  });

  test('gives the policy of each edge to the role of a machine', () => {
    const { stack, platform } = deploying('machine', { edges: ['edge-1'] });
    const machine = new Role(stack, 'Machine', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    for (const { policy } of platform.edges) machine.addManagedPolicy(policy);
    const template = Template.fromStack(stack);
    const [[policy] = []] = resources(template, 'AWS::IAM::ManagedPolicy');
    template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: [{ Ref: policy }] });
  });

  const env = { account: '111122223333', region: 'eu-central-1' };
  test.each([
    ['where the app leaves the region to whoever deploys', {}, {}],
    ['where the app names account and region', { env }, {}],
    ['with partitions in letters, too', { env }, { '@aws-cdk/core:enablePartitionLiterals': true }],
  ])('keeps the rules of AWS Solutions, without a warning, %s', (name, props, context) => {
    const { app, stack } = anAppOfTheirs(join(folder.path, name), props, context);
    const platform = new TrunklinePlatform(stack, 'Phones', { edges: ['edge-1', 'edge-2'] });
    expect(platform.node.findAll().flatMap(({ node }) => node.metadata.filter(isWarning))).toEqual([]);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  });
});

describe('what is wrong is refused at synthesis, with what to change', () => {
  test.each([
    [
      { prefix: 'Phones', retentionDays: 0 },
      /^Theirs\/Phones: The settings of the stack are wrong: prefix: must be a lower-case letter.*; retentionDays: /,
    ],
    [{ retentionDay: 7 }, /^Theirs\/Phones: .*retentionDay/],
    [{ fleet: {} }, /^Theirs\/Phones: fleet: machines are deployed with their images from a copy/],
  ])('%o', (settings, message) => {
    expect(() => deploying('wrong', settings as TrunklineSettings)).toThrow(message);
  });

  test('a prefix that another platform of the stack has', () => {
    const { stack } = deploying('two');
    new TrunklinePlatform(stack, 'Others', { prefix: 'others' });
    expect(() => new TrunklinePlatform(stack, 'Again')).toThrow(
      'Theirs/Again: prefix: trunkline is that of Theirs/Phones, too; give one of them another',
    );
  });
});
