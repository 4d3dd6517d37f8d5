import type { ConfigItem } from './config-items.ts';

/** One named thing that two configurations have differently. */
export interface ConfigChange {
  /** `trunk#carrier`, `number#+15550100`, `guard`. */
  readonly item: string;
  readonly change: 'added' | 'changed' | 'removed';
  /** What differs in it, as dotted paths; empty where all of it is new or gone. */
  readonly paths: readonly string[];
}

/** From what stands to what is wanted, in the order of the items' names; the version is no change. */
export function configChanges(
  before: readonly ConfigItem[],
  after: readonly ConfigItem[],
): readonly ConfigChange[] {
  const [there, wanted] = [bySk(before), bySk(after)];
  const names = [...new Set([...there.keys(), ...wanted.keys()])].sort();
  return names.flatMap((item): ConfigChange[] => {
    if (!there.has(item)) return [{ item, change: 'added', paths: [] }];
    if (!wanted.has(item)) return [{ item, change: 'removed', paths: [] }];
    const paths = differences(there.get(item), wanted.get(item), []);
    return paths.length === 0 ? [] : [{ item, change: 'changed', paths }];
  });
}

const bySk = (items: readonly ConfigItem[]): ReadonlyMap<string, unknown> =>
  new Map(items.filter(({ sk }) => sk !== 'version').map(({ sk, value }) => [sk, value]));

function differences(one: unknown, other: unknown, path: readonly string[]): readonly string[] {
  if (Object.is(one, other)) return [];
  if (!isObject(one) || !isObject(other) || Array.isArray(one) !== Array.isArray(other))
    return [path.join('.')];
  const keys = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
  return keys.flatMap((key) => differences(one[key], other[key], [...path, key]));
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
