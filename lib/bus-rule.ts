import { Rule, type RuleProps } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { HandlerFunction } from './handler-function.ts';

/** Hands what `when` names to one function; what cannot be handed over goes to that function's dead-letter queue. */
export function triggers(
  handler: HandlerFunction,
  when: Pick<RuleProps, 'eventBus' | 'eventPattern' | 'schedule'>,
  id = 'Rule',
): Rule {
  const target = new LambdaTarget(handler.lambda, {
    deadLetterQueue: handler.deadLetters,
    maxEventAge: handler.retries.maxEventAge,
    retryAttempts: handler.retries.deliveries,
  });
  return new Rule(handler, id, { ...when, targets: [target] });
}
