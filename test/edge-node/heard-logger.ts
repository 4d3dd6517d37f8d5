import pino from 'pino';

interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A logger whose lines the test can read. */
export function heardLogger() {
  const lines: LogLine[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { logger, lines, said: (part: string) => lines.filter(({ msg }) => msg.includes(part)) };
}
