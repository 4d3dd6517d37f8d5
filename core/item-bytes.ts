import { type ConfigItem, placeOfItem } from './config-items.ts';

/** The most that one item of DynamoDB may take, its names included (AWS: "Item size" of its quotas). */
const MOST_BYTES = 400 * 1024;

/** An item that DynamoDB would refuse. */
export interface OversizedItem {
  readonly item: string;
  /** Its path in the configuration. */
  readonly at: readonly string[];
  readonly message: string;
}

export const oversizedItems = (items: readonly ConfigItem[]): readonly OversizedItem[] =>
  items.flatMap((item) => {
    // As much again as the name of a revision takes, before the name of the item.
    const bytes = itemBytes({ ...item }) + 64;
    if (bytes <= MOST_BYTES) return [];
    const kind = item.sk.split('#')[0];
    const message = `takes ${bytes} bytes in the config table, and one item may have ${MOST_BYTES}: make it several, each a ${kind} of its own, or leave something out`;
    return [{ item: item.sk, at: placeOfItem(item.sk), message }];
  });

/** How DynamoDB counts ("DynamoDB item sizes and formats"); a number as the most that it can take. */
function itemBytes(item: Readonly<Record<string, unknown>>): number {
  return sum(Object.entries(item).map(([name, value]) => utf8(name) + valueBytes(value)));
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return utf8(value);
  if (typeof value === 'number') return 21;
  if (Array.isArray(value)) return 3 + sum(value.map((each) => 1 + valueBytes(each)));
  if (value !== null && typeof value === 'object')
    return 3 + sum(Object.entries(value).map(([name, each]) => 1 + utf8(name) + valueBytes(each)));
  return 1;
}

const utf8 = (text: string) => new TextEncoder().encode(text).length;
const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
