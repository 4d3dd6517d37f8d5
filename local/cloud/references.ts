/** Where the local cloud pretends to be. */
export interface Place {
  readonly region: string;
  readonly accountId: string;
  readonly endpoint: string;
}

/** Where a stack stands. */
export interface StackPlace extends Place {
  readonly stackName: string;
  /** Of resources to which the template gives no name. */
  readonly namesBeginWith: string;
  /** What the stacks before it export, by the names of the exports. */
  readonly exported: ReadonlyMap<string, string>;
}

type Json = Record<string, unknown>;
/** The file, as far as it is read. */
export interface RawTemplate {
  readonly Resources?: Record<string, { Type: string; Properties?: Json; Condition?: string }>;
  readonly Outputs?: Record<string, { Value: unknown; Condition?: string; Export?: { Name: unknown } }>;
  readonly Parameters?: Record<string, { Default?: unknown }>;
  readonly Conditions?: Record<string, unknown>;
  readonly Mappings?: Record<string, Record<string, Record<string, unknown>>>;
}

/** Resolves what stands inside of a reference. */
type Value = (node: unknown) => unknown;

/** The name a resource has here: the one the template gives it, otherwise its logical id. */
const nameProperties: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::SQS::Queue': 'QueueName',
  'AWS::Events::EventBus': 'Name',
  'AWS::Events::Rule': 'Name',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::IAM::Role': 'RoleName',
  'AWS::IAM::ManagedPolicy': 'ManagedPolicyName',
  'AWS::SecretsManager::Secret': 'Name',
};

const arnOf: Readonly<Record<string, (name: string, at: string) => string>> = {
  'AWS::SNS::Topic': (name, at) => `arn:aws:sns:${at}:${name}`,
  'AWS::DynamoDB::Table': (name, at) => `arn:aws:dynamodb:${at}:table/${name}`,
  'AWS::SQS::Queue': (name, at) => `arn:aws:sqs:${at}:${name}`,
  'AWS::Events::EventBus': (name, at) => `arn:aws:events:${at}:event-bus/${name}`,
  'AWS::Events::Rule': (name, at) => `arn:aws:events:${at}:rule/${name}`,
  'AWS::Lambda::Function': (name, at) => `arn:aws:lambda:${at}:function:${name}`,
  'AWS::IAM::Role': (name, at) => `arn:aws:iam::${accountIn(at)}:role/${name}`,
  'AWS::IAM::ManagedPolicy': (name, at) => `arn:aws:iam::${accountIn(at)}:policy/${name}`,
  // Six characters of AWS's choice end the ARN of a secret.
  'AWS::SecretsManager::Secret': (name, at) => `arn:aws:secretsmanager:${at}:secret:${name}-000000`,
  'AWS::EC2::NetworkInterface': (name, at) => `arn:aws:ec2:${at}:network-interface/${name}`,
};

/** Whose Ref is the ARN. */
const knownByArn: ReadonlySet<string | undefined> = new Set([
  'AWS::IAM::ManagedPolicy',
  'AWS::SNS::Topic',
  'AWS::SecretsManager::Secret',
]);

/** IAM knows no regions. */
const accountIn = (at: string) => at.split(':').at(-1) ?? '';

/** Ref, Fn::GetAtt, Fn::Sub and Fn::ImportValue: what leads from one resource to another. */
export function references(raw: RawTemplate, place: StackPlace, value: Value) {
  const pseudo: Record<string, unknown> = {
    'AWS::Region': place.region,
    'AWS::AccountId': place.accountId,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': place.stackName,
    'AWS::StackId': `arn:aws:cloudformation:${place.region}:${place.accountId}:stack/${place.stackName}/local`,
    'AWS::NoValue': undefined,
  };
  const nameOf = (logicalId: string): string => {
    const resource = raw.Resources?.[logicalId];
    if (!resource) throw new Error(`the template refers to ${logicalId}, which it does not have`);
    const given = resource.Properties?.[nameProperties[resource.Type] ?? ''];
    return given === undefined ? `${place.namesBeginWith}${logicalId}` : String(value(given));
  };
  const ref = (id: string): unknown => {
    if (id in pseudo) return pseudo[id];
    const parameter = raw.Parameters?.[id];
    if (parameter) return parameter.Default;
    const name = nameOf(id);
    const type = raw.Resources?.[id]?.Type;
    if (knownByArn.has(type)) return getAtt([id, 'Arn']);
    return type === 'AWS::SQS::Queue' ? `${place.endpoint}/${place.accountId}/${name}` : name;
  };
  const getAtt = (operand: unknown): unknown => {
    const [id = '', attribute = ''] = Array.isArray(operand)
      ? operand.map(String)
      : String(operand).split('.');
    const name = nameOf(id);
    if (attribute === 'QueueUrl') return ref(id);
    if (/Name$/.test(attribute)) return name;
    if (attribute === 'Id') return ref(id);
    const type = raw.Resources?.[id]?.Type ?? '';
    const at = `${place.region}:${place.accountId}`;
    const arn = /Arn$/.test(attribute) ? arnOf[type]?.(name, at) : undefined;
    return arn ?? `arn:aws:local:${at}:${name}${attribute === 'Arn' ? '' : `/${attribute}`}`;
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
  const importValue = (operand: unknown): string => {
    const name = String(value(operand));
    const found = place.exported.get(name);
    if (found !== undefined) return found;
    const exported = [...place.exported.keys()].join(', ') || 'nothing';
    throw new Error(
      `stack ${place.stackName} imports "${name}", which no stack before it exports; exported: ${exported}`,
    );
  };
  return { ref, getAtt, sub, importValue };
}
