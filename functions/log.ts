import { Logger } from '@aws-lambda-powertools/logger';
import { metrics } from '../contracts/metrics.ts';

/** What a log line may carry: names, ids and counts. Payloads stay out: they hold numbers, digits and secrets. */
export type Facts = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface Log {
  debug(message: string, facts: Facts): void;
  info(message: string, facts: Facts): void;
  error(message: string, facts: Facts): void;
}

/**
 * JSON lines on stdout; the level is `POWERTOOLS_LOG_LEVEL`, INFO by default. With the name of a platform, CloudWatch counts the
 * outcomes of lines that are told: of routine ones there are as many as runs without another.
 */
export function logOf(handler: string, platform?: string): Log {
  const logger = new Logger({ serviceName: handler });
  const counted = ({ outcome }: Facts) =>
    platform === undefined || outcome === undefined ? {} : embedded(platform, handler, String(outcome));
  return {
    debug: (message, facts) => logger.debug(message, { ...facts }),
    info: (message, facts) => logger.info(message, { ...facts, ...counted(facts) }),
    error: (message, facts) => logger.error(message, { ...facts, ...counted(facts) }),
  };
}

/** Amazon CloudWatch User Guide, "Specification: Embedded metric format". */
function embedded(platform: string, handler: string, outcome: string) {
  const own = { [metrics.fleet]: platform, [metrics.function]: handler, [metrics.outcome]: outcome };
  const Metrics = [{ Name: metrics.handlerOutcomes, Unit: 'Count' }];
  return {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [{ Namespace: metrics.namespace, Dimensions: [Object.keys(own)], Metrics }],
    },
    ...own,
    [metrics.handlerOutcomes]: 1,
  };
}
