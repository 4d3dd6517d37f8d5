import { type RawTemplate, references, type StackPlace } from './references.ts';

/** Resolves the intrinsic functions of a template; one that is not known here stops the start. */
export function resolver(raw: RawTemplate, place: StackPlace) {
  const { ref, getAtt, sub, importValue } = references(raw, place, (node) => value(node));
  const list = (operand: unknown) => value(operand) as unknown[];
  const condition = (name: string | undefined): boolean =>
    name === undefined || Boolean(value(raw.Conditions?.[name]));

  const functions: Record<string, (operand: unknown) => unknown> = {
    Ref: (operand) => ref(String(operand)),
    'Fn::GetAtt': getAtt,
    'Fn::Sub': sub,
    'Fn::ImportValue': importValue,
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
    'Fn::Base64': (operand) => Buffer.from(String(value(operand))).toString('base64'),
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
  return { value, condition, arn: (logicalId: string) => String(getAtt([logicalId, 'Arn'])) };
}
