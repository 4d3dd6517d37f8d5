import { Capture, Match, type Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { commands } from '../../contracts/commands.ts';
import { tables } from '../../contracts/tables.ts';
import { handlerEnvs } from '../../functions/env.ts';
import { outputs } from '../../lib/outputs.ts';
import { resources, synthesized } from './synthesized.ts';

const template = synthesized();
const functionsNamed = (of: Template, name: string) =>
  of.findResources('AWS::Lambda::Function', { Properties: { Description: `Trunkline ${name}` } });
const functionOf = (name: string) => functionsNamed(template, name);
const names = Object.keys(handlerEnvs) as (keyof typeof handlerEnvs)[];

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, unknown>>;
}
const policies = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].flatMap((type) => resources(template, type));
const statements = policies.flatMap(([id, { Properties }]) =>
  (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement.map((statement) => ({
    id,
    ...statement,
  })),
);
const actionsOf = (prefix: string) =>
  [...new Set(statements.filter(({ id }) => id.startsWith(prefix)).flatMap(({ Action }) => Action))].sort();

describe('what reaches a function', () => {
  const rulesOf = (name: string) => {
    const [id] = Object.keys(functionOf(name));
    return resources(template, 'AWS::Events::Rule')
      .map(([, { Properties }]) => Properties)
      .filter(({ Targets }) => JSON.stringify(Targets).includes(String(id)));
  };
  const patternOf = (name: string) => {
    const rules = rulesOf(name);
    expect(rules).toHaveLength(1);
    return rules[0];
  };

  test('decide-route hears call.received from edges', () => {
    expect(patternOf('decide-route')?.['EventPattern']).toEqual({
      source: ['trunkline.edge'],
      'detail-type': ['call.received'],
      detail: { continues: [{ exists: false }] },
    });
  });

  test('project-call hears all that edges and functions say of calls', () => {
    expect(patternOf('project-call')?.['EventPattern']).toEqual({
      source: ['trunkline.edge', 'trunkline.control'],
      'detail-type': [{ prefix: 'call.' }, { prefix: 'media.' }, { prefix: 'dtmf.' }, { prefix: 'command.' }],
    });
  });

  test('accept-command hears commands from everybody but edges and functions, and what clients mistype', () => {
    const known = Object.keys(commands);
    expect(rulesOf('accept-command').map(({ EventPattern }) => EventPattern)).toEqual([
      { source: [{ 'anything-but': ['trunkline.edge', 'trunkline.control'] }], 'detail-type': known },
      { source: ['trunkline.client', 'trunkline.command'], 'detail-type': [{ 'anything-but': known }] },
    ]);
  });

  test('collect-dtmf hears of calls whose agent asks for digits, and of what was not collected; of no other', () => {
    expect(rulesOf('collect-dtmf').map(({ EventPattern }) => EventPattern)).toEqual([
      {
        source: ['trunkline.edge'],
        'detail-type': ['call.answered'],
        detail: { collect: [{ exists: true }] },
      },
      {
        source: ['trunkline.edge'],
        'detail-type': ['dtmf.collected'],
        detail: { name: [{ exists: true }], outcome: [{ 'anything-but': ['complete'] }] },
      },
    ]);
  });

  test('codec-policy hears of calls whose audio is converted and of broken contracts; of no other', () => {
    expect(rulesOf('codec-policy').map(({ EventPattern }) => EventPattern)).toEqual([
      { source: ['trunkline.edge'], 'detail-type': ['call.answered'], detail: { transcoded: [true] } },
      { source: ['trunkline.edge'], 'detail-type': ['media.contract-broken'] },
    ]);
  });

  test('reap-calls wakes every minute, and when an edge begins a new life', () => {
    expect(rulesOf('reap-calls')).toMatchObject([
      { ScheduleExpression: 'rate(1 minute)' },
      { EventPattern: { source: ['trunkline.edge'], 'detail-type': ['edge.started'] } },
    ]);
  });

  test.each(names)('what %s cannot be given or cannot handle goes to its dead-letter queue', (name) => {
    const [id] = Object.keys(functionOf(name));
    const dead = new Capture();
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: id },
      DestinationConfig: { OnFailure: { Destination: dead } },
    });
    for (const { Targets } of rulesOf(name)) {
      expect(Targets).toMatchObject([{ DeadLetterConfig: { Arn: dead.asObject() } }]);
    }
  });

  test.each([
    ['decide-route', 60],
    ['accept-command', 60],
    ['reap-calls', 60],
    ['collect-dtmf', 60],
    ['codec-policy', 60],
    ['project-call', 21_600],
  ])('%s is given no event older than %i s', (name, seconds) => {
    const [id] = Object.keys(functionOf(name));
    for (const { Targets } of rulesOf(name)) {
      expect(Targets).toMatchObject([{ RetryPolicy: { MaximumEventAgeInSeconds: seconds } }]);
    }
    template.hasResourceProperties('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: id },
      MaximumEventAgeInSeconds: seconds,
    });
  });
});

describe('functions', () => {
  test.each(names)('%s has every variable that it reads, and no other', (name) => {
    const [found] = Object.values(functionOf(name));
    expect(Object.keys(found?.['Properties'].Environment.Variables).sort()).toEqual(
      Object.keys(handlerEnvs[name].shape).sort(),
    );
  });

  test('run on ARM with Node 22, with logs in JSON that end after a month', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      Architectures: ['arm64'],
      Runtime: 'nodejs22.x',
      LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN' },
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
  });

  test('take a limit of concurrent runs when one is given', () => {
    const limited = synthesized({ reservedConcurrency: { 'decide-route': 50 } });
    limited.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'Trunkline decide-route',
      ReservedConcurrentExecutions: 50,
    });
    template.hasResourceProperties('AWS::Lambda::Function', { ReservedConcurrentExecutions: Match.absent() });
  });
});

describe('permissions', () => {
  test('no statement allows every action or every resource', () => {
    expect(statements.length).toBeGreaterThan(10);
    for (const { Effect, Action, Resource } of statements) {
      expect(Effect).toBe('Allow');
      expect([Action].flat().filter((action) => action.includes('*'))).toEqual([]);
      const named = JSON.stringify(Resource);
      // X-Ray knows no resources.
      if ([Action].flat().every((action) => action.startsWith('xray:Put'))) continue;
      expect(named.includes('*') && !named.includes(':secret:trunkline/*')).toBe(false);
    }
  });

  test.each([
    ['DecideRoute', ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query']],
    ['ProjectCall', ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem']],
    [
      'AcceptCommand',
      ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Scan', 'dynamodb:UpdateItem', 'events:PutEvents'],
    ],
    ['ReapCalls', ['dynamodb:GetItem', 'dynamodb:Scan', 'events:PutEvents']],
  ])('%s may do with tables and bus what it does', (prefix, expected) => {
    expect(actionsOf(prefix).filter((action) => /^(dynamodb|events):/.test(action))).toEqual(expected);
  });

  test('an edge may read secrets under a prefix that the settings choose, and none else', () => {
    const secretsOf = (of: typeof template) =>
      JSON.stringify(of.findResources('AWS::IAM::ManagedPolicy')).match(/:secret:[^"]*/g);
    expect(secretsOf(template)).toEqual([':secret:trunkline/*']);
    expect(secretsOf(synthesized({ secretPrefix: 'voice/sip-' }))).toEqual([':secret:voice/sip-*']);
  });

  test('an edge may read the routing configuration, the fleet and secrets, write its own heartbeat and who registered, say events of edges and use its own queue', () => {
    expect(actionsOf('EdgesEdge1')).toEqual([
      'dynamodb:DeleteItem',
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'events:PutEvents',
      'secretsmanager:GetSecretValue',
      'sqs:DeleteMessage',
      'sqs:ReceiveMessage',
    ]);
    const conditions = statements
      .filter(({ id }) => id.startsWith('EdgesEdge1'))
      .map(({ Condition }) => Condition);
    expect(conditions).toEqual([
      { 'ForAllValues:StringEquals': { 'events:source': ['trunkline.edge'] } },
      { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['routing'] } },
      { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['edge-1'] } },
      ...Array(4).fill(undefined),
    ]);
  });
});

describe('tables, bus and queues', () => {
  test('calls are found by edge while they are up, and by number and time', () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [
        { AttributeName: 'callId', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      GlobalSecondaryIndexes: [
        Match.objectLike({ IndexName: tables.calls.activeByEdge }),
        Match.objectLike({ IndexName: tables.calls.byNumber }),
      ],
    });
  });

  test('every table is paid on demand and can be restored', () => {
    template.allResourcesProperties('AWS::DynamoDB::Table', {
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });

  test('tables, bus and archive outlive the stack unless it is told otherwise', () => {
    const policiesOf = (of: typeof template) =>
      new Set(
        ['AWS::DynamoDB::Table', 'AWS::Events::EventBus', 'AWS::Events::Archive']
          .flatMap((type) => resources(of, type))
          .map(([, { DeletionPolicy }]) => DeletionPolicy),
      );
    expect(policiesOf(template)).toEqual(new Set(['Retain']));
    expect(policiesOf(synthesized({ removal: 'destroy' }))).toEqual(new Set(['Delete']));
  });

  test('events can be replayed for a week', () => {
    template.hasResourceProperties('AWS::Events::Archive', { RetentionDays: 7 });
  });

  test('each edge has a queue that forgets after five minutes and redrives what fails five times', () => {
    const three = synthesized({ edges: ['edge-1', 'edge-2', 'berlin'] });
    for (const id of ['edge-1', 'edge-2', 'berlin']) {
      three.hasResourceProperties('AWS::SQS::Queue', {
        QueueName: `trunkline-to-${id}`,
        MessageRetentionPeriod: 300,
        SqsManagedSseEnabled: true,
        RedrivePolicy: Match.objectLike({ maxReceiveCount: 5 }),
      });
      three.hasOutput(outputs.edgeQueueUrl(id), {});
      three.hasOutput(outputs.edgePolicyArn(id), {});
    }
  });

  test('the outputs name all that an edge, the CLI and the local cloud need', () => {
    for (const name of [
      'BusName',
      'CallsTable',
      'ConfigTable',
      'FleetTable',
      'RegistrationsTable',
      'SecretPrefix',
      'EdgeQueueUrlEdge1',
      'EdgePolicyArnEdge1',
    ]) {
      template.hasOutput(name, {});
    }
  });
});

describe('settings', () => {
  test('may stand in cdk.json; an argument of buildApp wins over them', () => {
    const context = { trunkline: { prefix: 'voice', retentionDays: 90 } };
    const configured = synthesized({ context, retentionDays: 365 });
    configured.hasResourceProperties('AWS::Events::EventBus', { Name: 'voice' });
    configured.hasResourceProperties('AWS::SQS::Queue', { QueueName: 'voice-to-edge-1' });
    configured.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: Match.objectLike({ RETENTION_DAYS: '365' }) },
    });
  });

  test('that are wrong are all named', () => {
    const context = { trunkline: { edges: ['Edge One'], retentionDays: 0, colour: 'blue' } };
    expect(() => synthesized({ context })).toThrow(/edges\.0: .*retentionDays: .*colour/);
  });

  test('with two edges that CloudFormation could not tell apart are refused', () => {
    expect(() => synthesized({ edges: ['edge-1', 'edge1'] })).toThrow(
      'edges: must differ in more than hyphens',
    );
  });
});

describe('with a key of the operator', () => {
  const encryptionKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const encrypted = synthesized({ encryptionKeyArn, edges: ['edge-1', 'edge-2'] });
  const all = (type: string) => resources(encrypted, type).map(([, { Properties }]) => Properties);

  test.each([
    ['AWS::DynamoDB::Table', { SSESpecification: { KMSMasterKeyId: encryptionKeyArn, SSEEnabled: true } }],
    ['AWS::SQS::Queue', { KmsMasterKeyId: encryptionKeyArn }],
    ['AWS::Logs::LogGroup', { KmsKeyId: encryptionKeyArn }],
    ['AWS::Events::EventBus', { KmsKeyIdentifier: encryptionKeyArn }],
    ['AWS::Events::Archive', { KmsKeyIdentifier: encryptionKeyArn }],
    ['AWS::Lambda::Function', { KmsKeyArn: encryptionKeyArn }],
  ])('every %s is encrypted by it', (type, properties) => {
    expect(all(type).length).toBeGreaterThan(0);
    for (const each of all(type)) expect(each).toMatchObject(properties);
  });

  test('functions and edges may use that key, exactly, and without it none', () => {
    const keysOf = (of: typeof template) =>
      ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']
        .flatMap((type) => resources(of, type))
        .flatMap(
          ([, { Properties }]) => (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement,
        )
        .filter(({ Action }) => [Action].flat().some((action) => action.startsWith('kms:')))
        .map(({ Resource }) => Resource);
    expect(keysOf(encrypted)).toHaveLength(names.length + 2);
    expect(new Set(keysOf(encrypted))).toEqual(new Set([encryptionKeyArn]));
    expect(keysOf(template)).toEqual([]);
  });

  test.each(['alias/mine', 'arn:aws:kms:eu-central-1:111122223333:alias/mine', '1234abcd'])(
    'what is no ARN of a key, such as %s, is refused',
    (wrong) => {
      expect(() => synthesized({ encryptionKeyArn: wrong })).toThrow(
        'encryptionKeyArn: must be the ARN of a key in KMS, not of an alias',
      );
    },
  );
});

describe('how the functions are kept', () => {
  test('the decision has runs of its own, as many as the settings say, or none of its own', () => {
    const reserved = (of: typeof template) =>
      Object.values(functionsNamed(of, 'decide-route'))[0]?.['Properties']['ReservedConcurrentExecutions'];
    expect(reserved(template)).toBe(100);
    expect(reserved(synthesized({ reservedConcurrency: { 'decide-route': 7 } }))).toBe(7);
    expect(reserved(synthesized({ reservedConcurrency: { 'decide-route': null } }))).toBeUndefined();
    expect(() => synthesized({ reservedConcurrency: { 'decide-route': 0 } })).toThrow(
      'reservedConcurrency.decide-route: ',
    );
  });

  test('their logs are kept for a month, or for another period that CloudWatch knows', () => {
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 30 });
    synthesized({ logRetentionDays: 365 }).allResourcesProperties('AWS::Logs::LogGroup', {
      RetentionInDays: 365,
    });
    expect(() => synthesized({ logRetentionDays: 31 as 30 })).toThrow(
      'logRetentionDays: must be one of the periods that CloudWatch Logs knows: 1, 3, 5',
    );
  });

  test('they are traced, unless the settings say otherwise', () => {
    template.allResourcesProperties('AWS::Lambda::Function', { TracingConfig: { Mode: 'Active' } });
    const untraced = synthesized({ tracing: false });
    expect(JSON.stringify(untraced.toJSON())).not.toContain('xray:');
  });

  test('what they fail, and what no edge takes, is found by its name', () => {
    for (const name of names)
      template.hasResourceProperties('AWS::SQS::Queue', { QueueName: `trunkline-dead-letters-${name}` });
    template.hasResourceProperties('AWS::SQS::Queue', { QueueName: 'trunkline-undelivered-edge-1' });
  });
});
