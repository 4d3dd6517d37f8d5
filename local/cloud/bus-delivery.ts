import type { Logger } from 'pino';
import { inputFor, type Rule, type Target } from './bus-rule.ts';
import type { Pauses, Timers } from './timers.ts';

export interface DeliveryParts {
  readonly logger: Logger;
  readonly timers: Timers;
  readonly pauses: Pauses;
  /** Hands an event to a function or a queue. False: the target did not take it. */
  readonly deliver: (arn: string, event: unknown, trace: string | undefined) => Promise<boolean>;
  readonly toQueue: (arn: string, body: string, attributes?: Record<string, unknown>) => boolean;
  /** First wait before another try, ms; it doubles up to a minute. */
  readonly retryMs: number;
}

type Exhausted = 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds';

/** Tries until the target takes the event, its retries or its age are used up, or the cloud stops. */
export async function deliverEvent(
  parts: DeliveryParts,
  rule: Rule & { readonly arn: string },
  target: Target,
  event: unknown,
  trace: string | undefined,
): Promise<void> {
  const { timers, pauses, retryMs } = parts;
  const until = timers.now() + target.maxAgeMs;
  const input = inputFor(target, event);
  for (let retries = 0; ; retries += 1) {
    if (await parts.deliver(target.arn, input, trace)) return;
    if (retries >= target.retries) return giveUp(parts, rule, target, event, 'MaximumRetryAttempts', retries);
    const wait = Math.min(retryMs * 2 ** retries, 60_000) * (0.5 + Math.random() / 2);
    if (timers.now() + wait > until)
      return giveUp(parts, rule, target, event, 'MaximumEventAgeInSeconds', retries);
    if (!(await pauses.pause(wait))) return;
  }
}

/** Attributes as in the EventBridge User Guide, "Using dead-letter queues to process undelivered events". */
function giveUp(
  parts: DeliveryParts,
  rule: Rule & { readonly arn: string },
  target: Target,
  event: unknown,
  exhausted: Exhausted,
  retries: number,
): void {
  const text = (value: string) => ({ DataType: 'String', StringValue: value });
  const attributes = {
    RULE_ARN: text(rule.arn),
    TARGET_ARN: text(target.arn),
    ERROR_CODE: text('SDK_CLIENT_ERROR'),
    ERROR_MESSAGE: text('the target did not take the event'),
    EXHAUSTED_RETRY_CONDITION: text(exhausted),
    RETRY_ATTEMPTS: { DataType: 'Number', StringValue: String(retries) },
  };
  const kept =
    target.deadLetters !== undefined && parts.toQueue(target.deadLetters, JSON.stringify(event), attributes);
  parts.logger.error({ rule: rule.name, target: target.arn, exhausted, kept }, 'an event was given up');
}
