import type { RoutingConfig } from '../contracts/config.ts';
import { type ConfigVersionRow, tables } from '../contracts/tables.ts';
import { type ConfigItem, toItems } from './config-items.ts';

const { partition, version: versionKey, revision: prefixOf } = tables.config;

const anyRevision = prefixOf('').replace(/#$/, '');

/** What one push writes: first every item, then the row that makes them the configuration. */
export interface ConfigRevision {
  readonly items: readonly ConfigItem[];
  readonly row: ConfigVersionRow & { readonly revision: string };
}

/** `id` is of this push alone: two that take the same version must not mix. */
export function toRevision(config: RoutingConfig, version: number, id: string): ConfigRevision {
  const revision = `${version}.${id}`;
  const items = toItems(config, version)
    .filter(({ sk }) => sk !== versionKey)
    .map((item) => ({ ...item, sk: `${prefixOf(revision)}${item.sk}` }));
  return { items, row: { pk: partition, sk: versionKey, value: version, revision, items: items.length } };
}

/** How the sort keys begin of what stands; '' where they are bare. */
export const prefixIn = ({ revision }: ConfigVersionRow): string =>
  revision === undefined ? '' : prefixOf(revision);

/** Out of whatever lies in the partition: the items that `row` names, under their bare names. */
export function itemsIn(row: ConfigVersionRow, found: readonly ConfigItem[]): readonly ConfigItem[] {
  const prefix = prefixIn(row);
  const isOf = ({ sk }: ConfigItem) =>
    prefix === '' ? sk !== versionKey && !sk.startsWith(anyRevision) : sk.startsWith(prefix);
  return found.filter(isOf).map((item) => ({ ...item, sk: item.sk.slice(prefix.length) }));
}

/** False where items are missing: later pushes have cleared them away during the read, or somebody has deleted them. */
export const isWhole = ({ items = 0 }: ConfigVersionRow, found: readonly ConfigItem[]): boolean =>
  found.length >= items;

/** For a row that names items which are not there, and goes on to. */
export const notWhole = ({ value, items }: ConfigVersionRow, found: readonly ConfigItem[]): Error =>
  new Error(
    `the config table, version ${value}, has ${found.length} of its ${items} items: push the configuration again`,
  );
