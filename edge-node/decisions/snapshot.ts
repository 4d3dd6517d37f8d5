import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import * as z from 'zod';
import { RoutingConfig, type VersionedConfig } from '../../contracts/config.ts';
import { nothingPushed } from '../../core/config-items.ts';
import { encryptionWarnings } from '../../core/media-encryption.ts';
import type { Clock, ConfigSource, RoutingSnapshot } from '../ports.ts';

export interface SnapshotOptions {
  readonly source: ConfigSource;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the last good configuration is kept, for a start while the table is away. */
  readonly file?: string | undefined;
  /**
   * From the start of one look at the version to that of the next, ms; default 5,000, so that a new configuration is
   * taken up within 10 s even where a look takes seconds. Fixed: it does not depend on what is found.
   */
  readonly everyMs?: number;
}

export interface RunningSnapshot extends RoutingSnapshot {
  /** Looks at the table now. Never throws: what fails is logged, and the last good configuration stays. */
  refresh(): Promise<void>;
}

const Stored = z.object({ version: z.int().nonnegative(), config: RoutingConfig });

/**
 * Keeps the edge's own copy of the routing configuration: the last one that could be read and made sense. Resolves after
 * the first look, whatever came of it; `current()` is undefined only where neither the table nor the file had one. A table
 * that was never written is an answer, too, but for an edge that has known better: see decision 0261.
 */
export async function startSnapshot(options: SnapshotOptions): Promise<RunningSnapshot> {
  const { source, clock, logger, file, everyMs = 5_000 } = options;
  let current: VersionedConfig | undefined;
  let looking: Promise<void> | undefined;
  let cancel: (() => void) | undefined;
  let closed = false;

  const look = async () => {
    try {
      const loaded = await source.load(current?.version);
      if (loaded === undefined || closed) return;
      if (loaded.version === nothingPushed.version) {
        current ??= (file && (await kept(file, logger))) || startWithNothing(logger);
        if (current.version !== nothingPushed.version) throw new Error('the config table is empty');
        return;
      }
      current = loaded;
      logger.info({ version: loaded.version }, 'routing configuration taken up');
      warn(loaded, logger);
      if (file !== undefined) await keep(file, loaded, logger);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn(
        { reason, version: current?.version },
        'the routing configuration cannot be refreshed; the last good one stays',
      );
    }
  };
  const refresh = () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  const everySoOften = () => {
    cancel = clock.after(everyMs, () => {
      everySoOften();
      void refresh();
    });
  };

  await refresh();
  if (file !== undefined) current ??= await kept(file, logger);
  everySoOften();
  return {
    current: () => current,
    refresh,
    async [Symbol.asyncDispose]() {
      closed = true;
      cancel?.();
      await looking;
    },
  };
}

function startWithNothing(logger: Logger): VersionedConfig {
  logger.warn('no configuration was pushed yet: every call is refused until `trunkline config push`');
  return nothingPushed;
}

/** Once per version: an edge that starts, or takes up another configuration, says so. */
function warn({ version, config }: VersionedConfig, logger: Logger): void {
  for (const { trunk, message } of encryptionWarnings(config))
    logger.warn({ version, trunk }, `a trunk ${message}`);
}

/** Written beside and moved into place: a crash leaves the old file or the new one. */
async function keep(file: string, config: VersionedConfig, logger: Logger): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(`${file}.new`, JSON.stringify(config), { mode: 0o600 });
    await rename(`${file}.new`, file);
  } catch (error) {
    logger.error({ file, err: error }, 'the routing configuration cannot be kept for the next start');
  }
}

async function kept(file: string, logger: Logger): Promise<VersionedConfig | undefined> {
  try {
    const stored = Stored.parse(JSON.parse(await readFile(file, 'utf8')));
    logger.warn({ file, version: stored.version }, 'deciding from the configuration of an earlier life');
    warn(stored, logger);
    return stored;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      logger.error({ file, err: error }, 'the kept routing configuration cannot be read');
    return undefined;
  }
}
