import type { ApiCall, ApiReply } from './api.ts';
import type { Meter } from './meter.ts';
import type { Resource, Template } from './template.ts';

type Item = Readonly<Record<string, unknown>>;
interface Index {
  readonly keys: readonly string[];
  /** Undefined: all of them. */
  readonly projected: readonly string[] | undefined;
}
interface Table {
  readonly keys: readonly string[];
  readonly indexes: readonly Index[];
}

interface Request {
  readonly TableName?: string;
  readonly Item?: Item;
  readonly Key?: Item;
}

type Ask = (call: ApiCall) => Promise<ApiReply>;

/**
 * Counts the capacity units of each request as DynamoDB does on demand. dynalite tells those of the table; those of the
 * indexes come from what an item showed in each before and after the write (Amazon DynamoDB Developer Guide, "Using Global Secondary
 * Indexes", provisioned throughput considerations). A conditional write that is refused costs as one that is not.
 */
export function meterTables(
  template: Template,
  meter: Meter,
): (call: ApiCall, ask: Ask) => Promise<ApiReply> {
  const tables = new Map(
    template.resources.filter(({ type }) => type === 'AWS::DynamoDB::Table').map(tableOf),
  );
  return async (call, ask) => {
    const request = JSON.parse(call.body.toString('utf8')) as Request;
    const send = (operation: string, body: object) =>
      ask({
        ...call,
        operation,
        headers: headersFor(call, operation),
        body: Buffer.from(JSON.stringify(body)),
      });
    const table = tables.get(request.TableName ?? '');
    const key = table && keyOf(table, request);
    const look = async (): Promise<Item | undefined> => {
      if (!table || table.indexes.length === 0 || !key || !/^(Put|Update|Delete)Item$/.test(call.operation))
        return undefined;
      const { body } = await send('GetItem', {
        TableName: request.TableName,
        Key: key,
        ConsistentRead: true,
      });
      return (JSON.parse(String(body)) as { Item?: Item }).Item;
    };
    const before = await look();
    const reply = await send(call.operation, { ...request, ReturnConsumedCapacity: 'TOTAL' });
    const after = await look();
    meter.capacity(unitsOf(call.operation, reply));
    for (const index of table?.indexes ?? []) meter.capacity({ index: indexWrites(index, before, after) });
    return reply;
  };
}

const headersFor = (call: ApiCall, operation: string) => {
  const { 'content-length': _length, ...headers } = call.headers;
  return { ...headers, 'x-amz-target': `DynamoDB_20120810.${operation}` };
};

function unitsOf(operation: string, { status, body }: ApiReply): { read?: number; write?: number } {
  const isWrite = /^(Put|Update|Delete|BatchWrite)/.test(operation);
  if (status !== 200) return isWrite && String(body).includes('ConditionalCheckFailed') ? { write: 1 } : {};
  const { ConsumedCapacity } = JSON.parse(String(body)) as {
    ConsumedCapacity?: Capacity | readonly Capacity[];
  };
  const units = [ConsumedCapacity ?? []].flat().reduce((sum, each) => sum + each.CapacityUnits, 0);
  return isWrite ? { write: units } : { read: units };
}
interface Capacity {
  readonly CapacityUnits: number;
}

function keyOf({ keys }: Table, { Key, Item }: Request): Item | undefined {
  if (Key || !Item) return Key;
  return Object.fromEntries(keys.map((name) => [name, Item[name]]));
}

/** Nothing where the item shows the same; one write where it comes, goes or changes; two where its place changes. */
function indexWrites({ keys, projected }: Index, before: Item | undefined, after: Item | undefined): number {
  const shown = (item: Item | undefined, names: readonly string[] | undefined) =>
    item && keys.every((name) => name in item)
      ? JSON.stringify(names ? names.map((name) => item[name]) : item)
      : undefined;
  if (shown(before, projected) === shown(after, projected)) return 0;
  const places = [shown(before, keys), shown(after, keys)];
  return places[0] !== places[1] && !places.includes(undefined) ? 2 : 1;
}

interface KeyPart {
  readonly AttributeName: string;
}

function tableOf({ logicalId, properties }: Resource): [string, Table] {
  const names = (parts: unknown) =>
    ((parts ?? []) as readonly KeyPart[]).map(({ AttributeName }) => AttributeName);
  const keys = names(properties['KeySchema']);
  const given = (properties['GlobalSecondaryIndexes'] ?? []) as readonly {
    readonly KeySchema: unknown;
    readonly Projection: { readonly ProjectionType: string; readonly NonKeyAttributes?: readonly string[] };
  }[];
  const indexes = given.map(({ KeySchema, Projection }) => {
    const own = names(KeySchema);
    const projected = [...new Set([...own, ...keys, ...(Projection.NonKeyAttributes ?? [])])];
    return { keys: own, projected: Projection.ProjectionType === 'ALL' ? undefined : projected };
  });
  return [String(properties['TableName'] ?? logicalId), { keys, indexes }];
}
