import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../edge-node/clock.ts';
import { type OutboxOptions, startOutbox } from '../../../edge-node/outbox/outbox.ts';
import { heardLogger } from '../heard-logger.ts';
import { MemoryBus } from './memory-bus.ts';

/** A directory that goes when the test is over. */
export function aDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'outbox-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** An outbox on a bus in memory. Disposed at the end of the test at the latest. */
export async function anOutbox(options: Partial<OutboxOptions> & { bus?: MemoryBus } = {}) {
  const bus = options.bus ?? new MemoryBus();
  const dir = options.dir ?? aDirectory();
  const log = heardLogger();
  const outbox = await startOutbox({
    clock: systemClock,
    logger: log.logger,
    backOff: { firstMs: 2, capMs: 20 },
    batchEveryMs: 2,
    spacingMs: 2,
    flushMs: 50,
    ...options,
    bus,
    dir,
  });
  onTestFinished(() => outbox[Symbol.asyncDispose]());
  return { outbox, bus, dir, log };
}

export const journalFiles = (dir: string): string[] =>
  readdirSync(dir).filter((name) => name.endsWith('.journal'));
