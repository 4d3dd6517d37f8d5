import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** Events that the bus will never take, kept for a person: one JSON object a line, `event` as it was said. */
export function refusedEvents(dir: string, maxBytes: number, now: () => number, logger: Logger) {
  const path = join(dir, 'refused.jsonl');
  let bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return {
    keep(detail: string, { code, message }: Refusal): void {
      const about = `{"at":"${new Date(now()).toISOString()}","code":${JSON.stringify(code)},"message":${JSON.stringify(message)}`;
      const line = `${about},"event":${detail}}\n`;
      const fits = bytes + Buffer.byteLength(line) <= maxBytes;
      if (fits) {
        try {
          appendFileSync(path, line, { mode: 0o600 });
          bytes += Buffer.byteLength(line);
        } catch (error) {
          logger.error({ path, err: error }, 'a refused event could not be kept');
        }
      }
      logger.error({ code, message, path, kept: fits }, 'the bus refuses an event for good');
    },
  };
}
