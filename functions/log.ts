import { Logger } from '@aws-lambda-powertools/logger';

/** What a log line may carry: names, ids and counts. Payloads stay out: they hold numbers, digits and secrets. */
export type Facts = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Log {
  debug(message: string, facts: Facts): void;
  info(message: string, facts: Facts): void;
  error(message: string, facts: Facts): void;
}

/** JSON lines on stdout; the level is `POWERTOOLS_LOG_LEVEL`, INFO by default. */
export function logOf(handler: string): Log {
  const logger = new Logger({ serviceName: handler });
  return {
    debug: (message, facts) => logger.debug(message, { ...facts }),
    info: (message, facts) => logger.info(message, { ...facts }),
    error: (message, facts) => logger.error(message, { ...facts }),
  };
}
