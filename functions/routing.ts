import type { VersionedConfig } from '../contracts/config.ts';
import type { ConfigTable } from './ports.ts';

/** The routing configuration, always at the version that stands in the table. */
export interface Routing {
  load(): Promise<VersionedConfig>;
}

/** Keeps the configuration between invocations: an unchanged one costs a single read of the version. */
export function cachedRouting(table: ConfigTable): Routing {
  let kept: VersionedConfig | undefined;
  return {
    async load() {
      const changed = await table.load(kept?.version);
      kept = changed ?? kept;
      if (kept === undefined) throw new Error('The config table said "unchanged" though nothing was known');
      return kept;
    },
  };
}
