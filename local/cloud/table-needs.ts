import type { ApiCall } from './api.ts';
import type { Need } from './iam/statement.ts';
import type { Template } from './template.ts';

export interface TableKey {
  readonly arn: string;
  /** Name of its partition key. */
  readonly partition: string;
}

/** Tables of the template by their names. */
export const tableKeys = ({ resources }: Template): ReadonlyMap<string, TableKey> =>
  new Map(
    resources
      .filter(({ type }) => type === 'AWS::DynamoDB::Table')
      .map(({ logicalId, arn, properties }) => {
        const parts = properties['KeySchema'] as readonly { AttributeName: string; KeyType: string }[];
        const partition = parts.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? '';
        return [String(properties['TableName'] ?? logicalId), { arn, partition }];
      }),
  );

type Item = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface OneTable {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly Key?: Item;
  readonly Item?: Item;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
}

interface Request extends OneTable {
  readonly RequestItems?: Readonly<Record<string, unknown>>;
}

/**
 * Actions, resources and the context key dynamodb:LeadingKeys (Service Authorization Reference, "Actions, resources, and
 * condition keys for Amazon DynamoDB"). A table that is not there is told as such.
 */
export function needsOfTables(call: ApiCall, tables: ReadonlyMap<string, TableKey>): readonly Need[] {
  const request = JSON.parse(call.body.toString('utf8') || '{}') as Request;
  const names = request.RequestItems ? Object.keys(request.RequestItems) : [request.TableName ?? ''];
  return names.flatMap((name) => {
    const table = tables.get(name.split('/').at(-1) ?? '');
    return table ? [needOf(call.operation, request, table)] : [];
  });
}

function needOf(operation: string, request: OneTable, { arn, partition }: TableKey): Need {
  const leading = leadingKey(request, partition);
  return {
    action: `dynamodb:${operation}`,
    resource: request.IndexName === undefined ? arn : `${arn}/index/${request.IndexName}`,
    ...(leading === undefined ? {} : { context: { 'dynamodb:LeadingKeys': [leading] } }),
  };
}

function leadingKey(request: OneTable, partition: string): string | undefined {
  const { Key, Item, KeyConditionExpression, ExpressionAttributeNames = {} } = request;
  const value = (Key ?? Item)?.[partition] ?? queried(request, partition, ExpressionAttributeNames);
  if (value === undefined && KeyConditionExpression === undefined) return undefined;
  return String(Object.values(value ?? {})[0] ?? '');
}

/** The value that a condition such as `pk = :pk` or `#user = :user` demands of the partition key. */
function queried(
  { KeyConditionExpression = '', ExpressionAttributeValues = {} }: OneTable,
  partition: string,
  names: Readonly<Record<string, string>>,
) {
  for (const [, name = '', placeholder = ''] of KeyConditionExpression.matchAll(/([#\w.-]+)\s*=\s*(:\w+)/g))
    if ((names[name] ?? name) === partition) return ExpressionAttributeValues[placeholder];
  return undefined;
}
