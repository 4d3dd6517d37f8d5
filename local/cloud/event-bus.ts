import { randomUUID } from 'node:crypto';
import { ApiError, json, type LocalService, parseBody, Unreachable } from './api.ts';
import { type DeliveryParts, deliverEvent } from './bus-delivery.ts';
import { busNamed, type Rule, readRule, type Target } from './bus-rule.ts';
import type { Faults } from './faults.ts';
import { isObject } from './pattern-operators.ts';
import { createPauses } from './timers.ts';

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

export interface EventBus extends LocalService {
  readonly history: readonly BusEvent[];
  /** Runs a scheduled rule now. */
  fire(rule: string): void;
  /** Deliveries under way, those that wait for another try included. */
  readonly busy: number;
}

export interface EventBusParts extends Omit<DeliveryParts, 'pauses'> {
  readonly place: () => { readonly region: string; readonly accountId: string };
  readonly faults: Faults;
  readonly onEvent: (event: BusEvent) => void;
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
  const { place, faults, onEvent, timers } = parts;
  const pauses = createPauses(timers);
  const buses = new Set(['default']);
  const history: BusEvent[] = [];
  let rules: readonly Rule[] = [];
  let busy = 0;

  const ruleArn = ({ bus, name }: Rule) =>
    `arn:aws:events:${place().region}:${place().accountId}:rule/${bus === 'default' ? '' : `${bus}/`}${name}`;
  const send = (rule: Rule, target: Target, event: BusEvent) => {
    busy += 1;
    deliverEvent({ ...parts, pauses }, { ...rule, arn: ruleArn(rule) }, target, event)
      .catch((error: unknown) =>
        parts.logger.error({ rule: rule.name, error: String(error) }, 'a delivery failed'),
      )
      .finally(() => {
        busy -= 1;
      });
  };
  const publish = (event: BusEvent, bus: string) => {
    history.push(event);
    if (history.length > HISTORY) history.splice(0, HISTORY / 10);
    onEvent(event);
    for (const rule of rules) {
      if (rule.bus !== bus || !rule.enabled || faults.pausedRules.has(rule.name) || !rule.matches?.(event))
        continue;
      for (const target of rule.targets) {
        for (let copy = faults.duplicateDeliveries ? 2 : 1; copy > 0; copy -= 1) send(rule, target, event);
      }
    }
  };
  const makeEvent = (
    source: string,
    detailType: string,
    detail: unknown,
    time = new Date(timers.now()),
    resources: readonly string[] = [],
  ): BusEvent => ({
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
    const event = makeEvent(
      entry.Source ?? '',
      entry.DetailType ?? '',
      JSON.parse(entry.Detail ?? ''),
      time,
      entry.Resources,
    );
    publish(event, busNamed(entry.EventBusName));
    return { EventId: event.id };
  };
  const fire = (name: string) => {
    const rule = rules.find((each) => each.name === name);
    if (!rule)
      throw new Error(`there is no rule ${name}; rules are: ${rules.map((each) => each.name).join(', ')}`);
    const event = makeEvent('aws.events', 'Scheduled Event', {});
    for (const target of rule.targets) send(rule, target, event);
  };
  const schedule = async ({ name, everyMs }: Rule) => {
    while (everyMs !== undefined && (await pauses.pause(everyMs)))
      if (!faults.pausedRules.has(name)) fire(name);
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
      for (const { logicalId, properties } of ofType('AWS::Events::EventBus'))
        buses.add(String(properties['Name'] ?? logicalId));
      rules = ofType('AWS::Events::Rule').map(readRule);
      for (const rule of rules.filter(({ enabled }) => enabled)) void schedule(rule);
    },
    async handle(call) {
      if (faults.eventBridgeDown) throw new Unreachable();
      if (call.operation !== 'PutEvents') {
        throw new ApiError(
          'NotImplemented',
          `EventBridge ${call.operation} is not emulated on this machine`,
          501,
        );
      }
      const { Entries = [] } = parseBody<{ Entries?: readonly Entry[] }>(call);
      if (Entries.length < 1 || Entries.length > 10)
        throw new ApiError('ValidationException', 'PutEvents takes 1 to 10 entries');
      const results = Entries.map(put);
      return json({
        FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length,
        Entries: results,
      });
    },
    async [Symbol.asyncDispose]() {
      pauses.end();
    },
  };
}

function refusalOf(
  entry: Entry,
  buses: ReadonlySet<string>,
  faults: Faults,
): { ErrorCode: string; ErrorMessage: string } | undefined {
  const refuse = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });
  if (faults.refuseEntry?.(entry.Detail ?? '')) return refuse('ThrottlingException', 'Rate exceeded');
  if (!entry.Source || !entry.DetailType)
    return refuse('InvalidArgument', 'Source and DetailType are required');
  if (Buffer.byteLength(entry.Detail ?? '') > MAX_ENTRY_BYTES)
    return refuse('InvalidArgument', 'an entry of over 256 KB');
  if (!buses.has(busNamed(entry.EventBusName)))
    return refuse('InvalidArgument', `there is no event bus ${busNamed(entry.EventBusName)}`);
  try {
    return isObject(JSON.parse(entry.Detail ?? ''))
      ? undefined
      : refuse('MalformedDetail', 'Detail must be a JSON object');
  } catch {
    return refuse('MalformedDetail', 'Detail is malformed.');
  }
}
