import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Logger } from 'pino';
import * as z from 'zod';
import type { Usage } from '../../../core/spend.ts';

/** What is kept of a trunk: what was used, and the alarms that were said. */
export interface KeptSpend {
  readonly usage: Usage;
  readonly said: readonly string[];
}

/** Where the count survives a restart. Neither of its methods throws. */
export interface SpendStore {
  load(): Promise<ReadonlyMap<string, KeptSpend>>;
  save(trunks: ReadonlyMap<string, KeptSpend>): Promise<void>;
}

const Tally = z.object({
  since: z.number(),
  minutes: z.number().nonnegative(),
  money: z.number().nonnegative(),
});
const Stored = z.object({
  version: z.literal(1),
  trunks: z.record(
    z.string(),
    z.object({ usage: z.object({ hour: Tally, day: Tally }), said: z.array(z.string()).max(16) }),
  ),
});

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** One small file of all trunks, written beside and moved into place: a crash leaves the old one or the new one. */
export function spendFile(file: string, logger: Logger): SpendStore {
  return {
    async load() {
      try {
        const { trunks } = Stored.parse(JSON.parse(await readFile(file, 'utf8')));
        return new Map(Object.entries(trunks));
      } catch (error) {
        const isFirst = error instanceof Error && 'code' in error && error.code === 'ENOENT';
        const reason = reasonOf(error).slice(0, 300);
        if (!isFirst)
          logger.error({ file, reason }, 'what calls have cost cannot be read: counted from zero');
        return new Map();
      }
    },
    async save(trunks) {
      try {
        await mkdir(dirname(file), { recursive: true });
        const text = JSON.stringify({ version: 1, trunks: Object.fromEntries(trunks) });
        await writeFile(`${file}.new`, text, { mode: 0o600 });
        await rename(`${file}.new`, file);
      } catch (error) {
        logger.error(
          { file, reason: reasonOf(error) },
          'what calls have cost cannot be kept: a restart forgets it',
        );
      }
    },
  };
}
