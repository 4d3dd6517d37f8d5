import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  /** Properties with every intrinsic function resolved. */
  readonly properties: Record<string, unknown>;
}

/** A synthesized stack, resolved for this machine. */
export interface Template {
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, string>>;
  /** Folder of a file asset by its hash. */
  asset(hash: string): string;
}

export interface Place {
  readonly region: string;
  readonly accountId: string;
  readonly endpoint: string;
}

type Json = Record<string, unknown>;
interface RawTemplate {
  readonly Resources?: Record<string, { Type: string; Properties?: Json; Condition?: string }>;
  readonly Outputs?: Record<string, { Value: unknown; Condition?: string }>;
  readonly Parameters?: Record<string, { Default?: unknown }>;
  readonly Conditions?: Record<string, unknown>;
  readonly Mappings?: Record<string, Record<string, Record<string, unknown>>>;
}

/** Reads the one stack of a cloud assembly (the folder `cdk synth` writes). */
export function readTemplate(assembly: string, place: Place): Template {
  const manifest = readJson<{
    artifacts: Record<string, { type: string; properties?: { templateFile?: string } }>;
  }>(join(assembly, 'manifest.json'));
  const stacks = Object.entries(manifest.artifacts).filter(
    ([, { type }]) => type === 'aws:cloudformation:stack',
  );
  const [stack, ...more] = stacks;
  const file = stack?.[1].properties?.templateFile;
  if (!stack || !file || more.length > 0)
    throw new Error(`${assembly} must hold exactly one stack, it holds ${stacks.length}`);
  const assets = readJson<{ files?: Record<string, { source: { path: string } }> }>(
    join(assembly, `${stack[0]}.assets.json`),
  );
  const raw = readJson<RawTemplate>(join(assembly, file));
  const resolve = resolver(raw, place, stack[0]);
  return {
    resources: Object.entries(raw.Resources ?? {})
      .filter(([, { Condition }]) => resolve.condition(Condition))
      .map(([logicalId, { Type: type, Properties = {} }]) => ({
        logicalId,
        type,
        properties: resolve.value(Properties) as Json,
      })),
    outputs: Object.fromEntries(
      Object.entries(raw.Outputs ?? {}).map(([name, { Value }]) => [name, String(resolve.value(Value))]),
    ),
    asset(hash) {
      const path = assets.files?.[hash]?.source.path;
      if (!path) throw new Error(`the assembly has no asset ${hash}`);
      return join(assembly, path);
    },
  };
}

const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;

/** The name a resource has here: the one the template gives it, otherwise its logical id. */
const nameProperties: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Events::EventBus': 'Name',
  'AWS::Events::Rule': 'Name',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::IAM::Role': 'RoleName',
};

const arnOf: Readonly<Record<string, (name: string, at: string) => string>> = {
  'AWS::DynamoDB::Table': (name, at) => `arn:aws:dynamodb:${at}:table/${name}`,
  'AWS::SQS::Queue': (name, at) => `arn:aws:sqs:${at}:${name}`,
  'AWS::Events::EventBus': (name, at) => `arn:aws:events:${at}:event-bus/${name}`,
  'AWS::Events::Rule': (name, at) => `arn:aws:events:${at}:rule/${name}`,
  'AWS::Lambda::Function': (name, at) => `arn:aws:lambda:${at}:function:${name}`,
};

function resolver(raw: RawTemplate, place: Place, stackName: string) {
  const pseudo: Record<string, unknown> = {
    'AWS::Region': place.region,
    'AWS::AccountId': place.accountId,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stackName,
    'AWS::NoValue': undefined,
  };
  const nameOf = (logicalId: string): string => {
    const resource = raw.Resources?.[logicalId];
    if (!resource) throw new Error(`the template refers to ${logicalId}, which it does not have`);
    const given = resource.Properties?.[nameProperties[resource.Type] ?? ''];
    return given === undefined ? logicalId : String(value(given));
  };
  const ref = (id: string): unknown => {
    if (id in pseudo) return pseudo[id];
    const parameter = raw.Parameters?.[id];
    if (parameter) return parameter.Default;
    const name = nameOf(id);
    const type = raw.Resources?.[id]?.Type;
    return type === 'AWS::SQS::Queue' ? `${place.endpoint}/${place.accountId}/${name}` : name;
  };
  const getAtt = (operand: unknown): unknown => {
    const [id = '', attribute = ''] = Array.isArray(operand)
      ? operand.map(String)
      : String(operand).split('.');
    const name = nameOf(id);
    if (attribute === 'QueueUrl') return ref(id);
    if (/Name$/.test(attribute)) return name;
    const type = raw.Resources?.[id]?.Type ?? '';
    const at = `${place.region}:${place.accountId}`;
    return (
      arnOf[type]?.(name, at) ?? `arn:aws:local:${at}:${name}${attribute === 'Arn' ? '' : `/${attribute}`}`
    );
  };
  const sub = (operand: unknown): string => {
    const [pattern, variables] = Array.isArray(operand)
      ? [String(operand[0]), operand[1] as Json]
      : [String(operand), {} as Json];
    return pattern.replace(/\$\{(!?)([^}]+)\}/g, (_all, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (Object.hasOwn(variables, name)) return String(value(variables[name]));
      return String(name.includes('.') ? getAtt(name) : ref(name));
    });
  };
  const list = (operand: unknown) => value(operand) as unknown[];
  const condition = (name: string | undefined): boolean =>
    name === undefined || Boolean(value(raw.Conditions?.[name]));

  const functions: Record<string, (operand: unknown) => unknown> = {
    Ref: (operand) => ref(String(operand)),
    'Fn::GetAtt': getAtt,
    'Fn::Sub': sub,
    'Fn::Join': (operand) => {
      const [separator, parts] = operand as [string, unknown];
      return list(parts).join(separator);
    },
    'Fn::Select': (operand) => {
      const [index, from] = operand as [unknown, unknown];
      return list(from)[Number(value(index))];
    },
    'Fn::Split': (operand) => {
      const [separator, from] = operand as [string, unknown];
      return String(value(from)).split(separator);
    },
    'Fn::If': (operand) => {
      const [name, yes, no] = operand as [string, unknown, unknown];
      return value(condition(name) ? yes : no);
    },
    'Fn::FindInMap': (operand) => {
      const [map, first, second] = list(operand).map(String);
      return raw.Mappings?.[map ?? '']?.[first ?? '']?.[second ?? ''];
    },
    'Fn::Equals': (operand) => list(operand)[0] === list(operand)[1],
    'Fn::And': (operand) => list(operand).every(Boolean),
    'Fn::Or': (operand) => list(operand).some(Boolean),
    'Fn::Not': (operand) => !list(operand)[0],
    Condition: (operand) => condition(String(operand)),
  };

  function value(node: unknown): unknown {
    if (Array.isArray(node)) return node.map(value).filter((each) => each !== undefined);
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node);
    const [only] = entries;
    const intrinsic = entries.length === 1 && only ? functions[only[0]] : undefined;
    if (intrinsic && only) return intrinsic(only[1]);
    if (only && entries.length === 1 && only[0].startsWith('Fn::'))
      throw new Error(`${only[0]} is not resolved on this machine`);
    return Object.fromEntries(
      entries.map(([key, inner]) => [key, value(inner)]).filter(([, inner]) => inner !== undefined),
    );
  }
  return { value, condition };
}
