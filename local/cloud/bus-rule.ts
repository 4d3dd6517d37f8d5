import { compilePattern, type Matches } from './event-pattern.ts';
import type { Resource } from './template.ts';

export interface Target {
  readonly arn: string;
  readonly input: string | undefined;
  readonly inputPath: string | undefined;
  /** Tries after the first. */
  readonly retries: number;
  readonly maxAgeMs: number;
  /** ARN of a queue. */
  readonly deadLetters: string | undefined;
}

/** An AWS::Events::Rule: what it picks out of which bus, or how often it fires, and for whom. */
export interface Rule {
  readonly name: string;
  readonly bus: string;
  readonly matches: Matches | undefined;
  readonly everyMs: number | undefined;
  readonly enabled: boolean;
  readonly targets: readonly Target[];
}

/** @throws Error for a pattern, a schedule or a target that this machine cannot stand for. */
export function readRule({ logicalId, properties }: Resource): Rule {
  const name = String(properties['Name'] ?? logicalId);
  const pattern = properties['EventPattern'];
  const targets = (properties['Targets'] ?? []) as Record<string, unknown>[];
  return {
    name,
    bus: busNamed(properties['EventBusName']),
    matches: pattern === undefined ? undefined : compilePattern(pattern, name),
    everyMs: periodOf(properties['ScheduleExpression'], name),
    enabled: properties['State'] !== 'DISABLED',
    targets: targets.map((target) => readTarget(target, name)),
  };
}

/** A bus is named by its name or its ARN. */
export const busNamed = (nameOrArn: unknown): string =>
  String(nameOrArn ?? 'default')
    .split('/')
    .at(-1) ?? 'default';

function readTarget(target: Record<string, unknown>, rule: string): Target {
  const retry = (target['RetryPolicy'] ?? {}) as {
    MaximumRetryAttempts?: number;
    MaximumEventAgeInSeconds?: number;
  };
  if (target['InputTransformer'] !== undefined)
    throw new Error(`rule ${rule}: InputTransformer is not emulated on this machine`);
  return {
    arn: String(target['Arn']),
    input: target['Input'] as string | undefined,
    inputPath: target['InputPath'] as string | undefined,
    retries: retry.MaximumRetryAttempts ?? 185,
    maxAgeMs: (retry.MaximumEventAgeInSeconds ?? 86_400) * 1000,
    deadLetters: (target['DeadLetterConfig'] as { Arn?: string } | undefined)?.Arn,
  };
}

const units = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function periodOf(expression: unknown, rule: string): number | undefined {
  if (expression === undefined) return undefined;
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(String(expression)) ?? [];
  if (count === undefined)
    throw new Error(`rule ${rule}: ${String(expression)} is not emulated on this machine, rate(…) is`);
  return Number(count) * units[unit as keyof typeof units];
}

/** What the target gets: a constant, a part of the event, or all of it. */
export function inputFor(target: Target, event: unknown): unknown {
  if (target.input !== undefined) return JSON.parse(target.input);
  if (target.inputPath === undefined) return event;
  return target.inputPath
    .replace(/^\$\.?/, '')
    .split('.')
    .filter(Boolean)
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], event);
}
