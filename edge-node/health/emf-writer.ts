import type { Logger } from 'pino';
import type { Clock } from '../ports.ts';

export interface EmfWriterOptions {
  readonly tell: () => Promise<readonly string[]>;
  readonly everyMs: number;
  /** One line, without its end. */
  readonly write: (line: string) => void;
  readonly clock: Pick<Clock, 'after'>;
  readonly logger: Logger;
}

/** Writes on a fixed period, and once more at the end, so that what the last seconds counted is not lost. */
export function startEmfWriter({ tell, everyMs, write, clock, logger }: EmfWriterOptions): AsyncDisposable {
  let stopped = false;
  let cancel = () => {};
  let writing = Promise.resolve();
  const once = async () => {
    try {
      for (const line of await tell()) write(line);
    } catch (err) {
      logger.warn({ err }, 'the metrics could not be written');
    }
    if (!stopped) cancel = clock.after(everyMs, next);
  };
  const next = () => {
    writing = once();
  };
  cancel = clock.after(everyMs, next);
  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      cancel();
      await writing;
      await once();
    },
  };
}
