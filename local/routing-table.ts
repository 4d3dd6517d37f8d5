import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { ulid } from 'ulid';
import { RoutingConfig, type RoutingConfigInput, type VersionedConfig } from '../contracts/config.ts';
import { type ConfigChange, configChanges } from '../core/config-changes.ts';
import { type ConfigItem, toItems } from '../core/config-items.ts';
import { toRevision } from '../core/config-revision.ts';
import { oversizedItems } from '../core/item-bytes.ts';
import { loadConfig, versionRow } from '../edge-node/adapters/config-table.ts';
import { cleared, eachOf, standing, turn, writeOnce } from './config-partition.ts';

interface PushedConfig {
  readonly version: number;
  readonly changes: readonly ConfigChange[];
  /** Why items of former revisions are still there. They do no harm, and the next push tries again. */
  readonly leftOver?: string;
}

/** Another version stands than was expected. Nothing was changed. */
export class VersionConflict extends Error {
  constructor(stands: number | undefined, expected: number) {
    super(`version ${stands ?? 'none'} stands, not ${expected}`);
  }
}

/** The `config` table, for whoever changes it. Edges and functions read it by themselves. */
export interface RoutingTable {
  /** Undefined where none was pushed yet. */
  read(): Promise<VersionedConfig | undefined>;
  /** What a push of this configuration would change. */
  compare(config: RoutingConfigInput): Promise<readonly ConfigChange[]>;
  /**
   * Makes this the whole configuration, at one stroke: whoever reads has the former one or this. Nothing is written where
   * nothing differs. `expected`: the version that is to be replaced.
   * @throws Error, with the configuration as it was: {@link VersionConflict}, an item that is too large, another push that
   * was first, a table that is away.
   */
  push(config: RoutingConfigInput, expected?: number): Promise<PushedConfig>;
}

export function routingTable(client: DynamoDBDocumentClient, TableName: string): RoutingTable {
  return {
    async read() {
      if ((await versionRow(client, TableName)) === undefined) return undefined;
      return loadConfig(client, TableName, undefined);
    },
    async compare(input) {
      const { items } = await standing(client, TableName);
      return configChanges(items, toItems(RoutingConfig.parse(input), 0));
    },
    async push(input, expected) {
      const config = RoutingConfig.parse(input);
      const wanted = toItems(config, 0);
      refuseOversized(wanted);
      const { row, items, strays } = await standing(client, TableName);
      if (expected !== undefined && row?.value !== expected) throw new VersionConflict(row?.value, expected);
      const changes = configChanges(items, wanted);
      if (changes.length === 0 && row !== undefined) return { version: row.value, changes };
      const version = Math.max(Date.now(), (row?.value ?? 0) + 1);
      const revision = toRevision(config, version, ulid());
      await eachOf(revision.items, (item) => writeOnce(client, TableName, item));
      await turn(client, TableName, row, revision);
      const leftOver = await cleared(client, TableName, strays);
      return { version, changes, ...(leftOver === undefined ? {} : { leftOver }) };
    },
  };
}

function refuseOversized(items: readonly ConfigItem[]): void {
  const faults = oversizedItems(items).map(({ item, message }) => `${item} ${message}`);
  if (faults.length > 0) throw new Error(faults.join('; '));
}
