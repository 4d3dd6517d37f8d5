import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Logger } from 'pino';
import { RoutingConfig, type VersionedConfig } from '../../contracts/config.ts';
import type { Clock, ConfigSource, RoutingSnapshot } from '../ports.ts';

export interface SnapshotOptions {
  readonly source: ConfigSource;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the last good configuration is kept, for a start while the table is away. */
  readonly file?: string;
  /** How often the table is asked, ms. Default 10 s. */
  readonly everyMs?: number;
}

/**
 * Keeps the edge's own copy of the routing configuration: the last one that could be read and made sense. Resolves after
 * the first look, whatever came of it; `current()` is undefined only where neither the table nor the file had one.
 */
export async function startSnapshot(
  options: SnapshotOptions,
): Promise<RoutingSnapshot & { refresh(): Promise<void> }> {
  const { source, clock, logger, file, everyMs = 10_000 } = options;
  let current: VersionedConfig | undefined;
  let stopped = false;
  let cancel = () => {};

  const refresh = async () => {
    try {
      const loaded = await source.load(current?.version);
      if (!loaded) return;
      current = loaded;
      logger.info({ version: loaded.version }, 'routing configuration taken up');
      if (file !== undefined) await keep(file, loaded);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn(
        { reason, version: current?.version ?? null },
        'the routing configuration cannot be refreshed; the last good one stays',
      );
    }
  };
  const again = () => {
    cancel = clock.after(everyMs, () => void refresh().finally(() => !stopped && again()));
  };

  await refresh();
  if (!current && file !== undefined) {
    current = await kept(file);
    if (current)
      logger.warn({ version: current.version, file }, 'deciding from the configuration of an earlier life');
  }
  again();
  return {
    current: () => current,
    refresh,
    async [Symbol.asyncDispose]() {
      stopped = true;
      cancel();
    },
  };
}

/** Written beside and moved into place: a crash leaves the old file or the new one. */
async function keep(file: string, config: VersionedConfig): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(config), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

async function kept(file: string): Promise<VersionedConfig | undefined> {
  try {
    const { version, config } = JSON.parse(await readFile(file, 'utf8')) as VersionedConfig;
    return { version, config: RoutingConfig.parse(config) };
  } catch {
    return undefined;
  }
}
