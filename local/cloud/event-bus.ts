import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { ApiError, json, type LocalService, parseBody, Unreachable } from './api.ts';
import { compilePattern, type Matches } from './event-pattern.ts';
import type { Faults } from './faults.ts';

/** An event as EventBridge hands it to a target. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

interface Target {
  readonly arn: string;
  readonly input: string | undefined;
  readonly inputPath: string | undefined;
  readonly retries: number;
  readonly maxAgeMs: number;
  readonly deadLetters: string | undefined;
}

interface Rule {
  readonly name: string;
  readonly bus: string;
  readonly matches: Matches | undefined;
  readonly everyMs: number | undefined;
  readonly enabled: boolean;
  readonly targets: readonly Target[];
}

export interface EventBus extends LocalService {
  readonly history: readonly BusEvent[];
  /** Runs a scheduled rule now. */
  fire(rule: string): void;
  /** Deliveries under way, those that wait for another try included. */
  readonly busy: number;
}

export interface EventBusParts {
  readonly place: () => { readonly region: string; readonly accountId: string };
  readonly faults: Faults;
  readonly logger: Logger;
  readonly onEvent: (event: BusEvent) => void;
  /** Hands an event to a function or a queue. False: the target did not take it. */
  readonly deliver: (arn: string, event: unknown) => Promise<boolean>;
  readonly toQueue: (arn: string, body: string, attributes?: Record<string, unknown>) => boolean;
  /** First wait before another try, ms; it doubles up to a minute. */
  readonly retryMs: number;
}

const MAX_ENTRY_BYTES = 256 * 1024;
const HISTORY = 50_000;

interface Entry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly EventBusName?: string;
  readonly Resources?: readonly string[];
  readonly Time?: number;
}

/** EventBridge: PutEvents, rules, targets with retries and dead letters, schedules. */
export function createEventBus(parts: EventBusParts): EventBus {
  const { place, faults, onEvent } = parts;
  const buses = new Set(['default']);
  const history: BusEvent[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let rules: readonly Rule[] = [];
  let busy = 0;

  const send = (rule: Rule, target: Target, event: BusEvent) => {
    busy += 1;
    deliverWithRetries(parts, rule, target, event)
      .catch((error: unknown) => parts.logger.error({ rule: rule.name, error: String(error) }, 'a delivery failed'))
      .finally(() => {
        busy -= 1;
      });
  };
  const publish = (event: BusEvent, bus: string) => {
    history.push(event);
    if (history.length > HISTORY) history.splice(0, HISTORY / 10);
    onEvent(event);
    for (const rule of rules) {
      if (rule.bus !== bus || !rule.enabled || faults.pausedRules.has(rule.name) || !rule.matches?.(event)) continue;
      for (const target of rule.targets) {
        for (let copy = faults.duplicateDeliveries ? 2 : 1; copy > 0; copy -= 1) send(rule, target, event);
      }
    }
  };
  const makeEvent = (source: string, detailType: string, detail: unknown, time = new Date(), resources: readonly string[] = []): BusEvent => ({
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source,
    account: place().accountId,
    time: time.toISOString().replace(/\.\d{3}Z$/, 'Z'),
    region: place().region,
    resources,
    detail,
  });
  const put = (entry: Entry) => {
    const refusal = refusalOf(entry, buses, faults);
    if (refusal) return refusal;
    const time = entry.Time === undefined ? undefined : new Date(entry.Time * 1000);
    const event = makeEvent(entry.Source ?? '', entry.DetailType ?? '', JSON.parse(entry.Detail ?? ''), time, entry.Resources);
    publish(event, busName(entry));
    return { EventId: event.id };
  };
  const fire = (name: string) => {
    const rule = rules.find((each) => each.name === name);
    if (!rule) throw new Error(`there is no rule ${name}; rules are: ${rules.map((each) => each.name).join(', ')}`);
    const event = makeEvent('aws.events', 'Scheduled Event', {});
    for (const target of rule.targets) send(rule, target, event);
  };

  return {
    name: 'EventBridge',
    target: 'AWSEvents',
    emulates: ['AWS::Events::EventBus', 'AWS::Events::Rule'],
    history,
    fire,
    get busy() {
      return busy;
    },
    async start(template) {
      const ofType = (type: string) => template.resources.filter((resource) => resource.type === type);
      for (const { logicalId, properties } of ofType('AWS::Events::EventBus')) buses.add(String(properties['Name'] ?? logicalId));
      rules = ofType('AWS::Events::Rule').map(({ logicalId, properties }) => ruleOf(logicalId, properties));
      for (const { name, everyMs, enabled } of rules) {
        if (everyMs !== undefined && enabled) timers.add(setInterval(() => fire(name), everyMs).unref());
      }
    },
    async handle(call) {
      if (faults.eventBridgeDown) throw new Unreachable();
      if (call.operation !== 'PutEvents') {
        throw new ApiError('NotImplemented', `EventBridge ${call.operation} is not emulated on this machine`, 501);
      }
      const { Entries = [] } = parseBody<{ Entries?: readonly Entry[] }>(call);
      if (Entries.length < 1 || Entries.length > 10) throw new ApiError('ValidationException', 'PutEvents takes 1 to 10 entries');
      const results = Entries.map(put);
      return json({ FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results });
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}

const busName = ({ EventBusName = 'default' }: Entry) => EventBusName.split('/').at(-1) ?? 'default';

function refusalOf(entry: Entry, buses: ReadonlySet<string>, faults: Faults): { ErrorCode: string; ErrorMessage: string } | undefined {
  const refuse = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });
  if (faults.refuseEntry?.(entry.Detail ?? '')) return refuse('ThrottlingException', 'Rate exceeded');
  if (!entry.Source || !entry.DetailType) return refuse('InvalidArgument', 'Source and DetailType are required');
  if (Buffer.byteLength(entry.Detail ?? '') > MAX_ENTRY_BYTES) return refuse('InvalidArgument', 'an entry of over 256 KB');
  if (!buses.has(busName(entry))) return refuse('InvalidArgument', `there is no event bus ${busName(entry)}`);
  try {
    const detail: unknown = JSON.parse(entry.Detail ?? '');
    return typeof detail === 'object' && detail !== null ? undefined : refuse('MalformedDetail', 'Detail must be a JSON object');
  } catch {
    return refuse('MalformedDetail', 'Detail is malformed.');
  }
}

function ruleOf(logicalId: string, properties: Record<string, unknown>): Rule {
  const name = String(properties['Name'] ?? logicalId);
  const pattern = properties['EventPattern'];
  const targets = (properties['Targets'] ?? []) as Record<string, unknown>[];
  return {
    name,
    bus: String(properties['EventBusName'] ?? 'default'),
    matches: pattern === undefined ? undefined : compilePattern(pattern, name),
    everyMs: periodOf(properties['ScheduleExpression']),
    enabled: properties['State'] !== 'DISABLED',
    targets: targets.map((target) => {
      const retry = (target['RetryPolicy'] ?? {}) as { MaximumRetryAttempts?: number; MaximumEventAgeInSeconds?: number };
      if (target['InputTransformer'] !== undefined) throw new Error(`rule ${name}: InputTransformer is not emulated on this machine`);
      return {
        arn: String(target['Arn']),
        input: target['Input'] as string | undefined,
        inputPath: target['InputPath'] as string | undefined,
        retries: retry.MaximumRetryAttempts ?? 185,
        maxAgeMs: (retry.MaximumEventAgeInSeconds ?? 86_400) * 1000,
        deadLetters: (target['DeadLetterConfig'] as { Arn?: string } | undefined)?.Arn,
      };
    }),
  };
}

const units = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function periodOf(expression: unknown): number | undefined {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(String(expression ?? '')) ?? [];
  return count === undefined ? undefined : Number(count) * units[unit as keyof typeof units];
}

function inputOf(target: Target, event: BusEvent): unknown {
  if (target.input !== undefined) return JSON.parse(target.input);
  if (target.inputPath === undefined) return event;
  return target.inputPath
    .replace(/^\$\.?/, '')
    .split('.')
    .filter(Boolean)
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], event);
}

async function deliverWithRetries(parts: EventBusParts, rule: Rule, target: Target, event: BusEvent): Promise<void> {
  const until = Date.now() + target.maxAgeMs;
  const input = inputOf(target, event);
  for (let attempt = 0; ; attempt += 1) {
    if (await parts.deliver(target.arn, input)) return;
    const wait = Math.min(parts.retryMs * 2 ** attempt, 60_000) * (0.5 + Math.random() / 2);
    if (attempt >= target.retries || Date.now() + wait > until) break;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
  const text = (value: string) => ({ DataType: 'String', StringValue: value });
  const attributes = {
    RULE_ARN: text(rule.name),
    TARGET_ARN: text(target.arn),
    ERROR_CODE: text('SDK_CLIENT_ERROR'),
    ERROR_MESSAGE: text('the target did not take the event'),
  };
  const kept = target.deadLetters !== undefined && parts.toQueue(target.deadLetters, JSON.stringify(event), attributes);
  parts.logger.error({ rule: rule.name, type: event['detail-type'], kept }, 'an event was given up');
}
