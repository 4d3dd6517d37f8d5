import { type ApiCall, ApiError, json, type LocalService, parseBody, Unreachable } from './api.ts';
import { type DeliveryParts, deliverEvent } from './bus-delivery.ts';
import { type BusEvent, type Entry, eventOf, refusalOf } from './bus-entry.ts';
import { busNamed, type Rule, readRule, type Target } from './bus-rule.ts';
import type { Faults } from './faults.ts';
import type { Need } from './iam/statement.ts';
import type { Meter } from './meter.ts';
import type { Template } from './template.ts';
import { createPauses } from './timers.ts';

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
  readonly meter: Meter | undefined;
}

const HISTORY = 50_000;

/** EventBridge: PutEvents, rules, targets with retries and dead letters, schedules. */
export function createEventBus(parts: EventBusParts): EventBus {
  const { place, faults, onEvent, timers } = parts;
  const pauses = createPauses(timers);
  const buses = new Set(['default']);
  const history: BusEvent[] = [];
  let rules: readonly Rule[] = [];
  let busy = 0;

  const send = (rule: Rule, target: Target, event: BusEvent, trace?: string) => {
    busy += 1;
    deliverEvent({ ...parts, pauses }, { ...rule, arn: ruleArn(rule, place()) }, target, event, trace)
      .catch((err: unknown) => parts.logger.error({ rule: rule.name, err }, 'a delivery failed'))
      .finally(() => {
        busy -= 1;
      });
  };
  const publish = (event: BusEvent, bus: string, trace: string | undefined) => {
    history.push(event);
    if (history.length > HISTORY) history.splice(0, HISTORY / 10);
    onEvent(event);
    const copies = faults.duplicateDeliveries ? [event, event] : [event];
    for (const rule of rules.filter((each) => wants(each, bus, event, faults))) {
      for (const target of rule.targets) for (const copy of copies) send(rule, target, copy, trace);
    }
  };
  const take = (entry: Entry) => {
    const event = eventOf(entry, place(), timers.now());
    parts.meter?.event(sizeOf(entry));
    publish(event, busNamed(entry.EventBusName), entry.TraceHeader);
    return { EventId: event.id };
  };
  const fire = (name: string) => {
    const rule = ruleNamed(name, rules);
    const tick = { Source: 'aws.events', DetailType: 'Scheduled Event', Detail: '{}' };
    const event = eventOf(tick, place(), timers.now());
    for (const target of rule.targets) send(rule, target, event);
  };
  const schedule = async ({ name, everyMs = 0 }: Rule) => {
    while (await pauses.pause(everyMs)) if (!faults.pausedRules.has(name)) fire(name);
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
      for (const { logicalId, properties } of ofType(template, 'AWS::Events::EventBus')) {
        buses.add(String(properties['Name'] ?? logicalId));
      }
      rules = ofType(template, 'AWS::Events::Rule').map(readRule);
      for (const rule of rules) if (rule.enabled && rule.everyMs !== undefined) void schedule(rule);
    },
    needs: (call) => needsOf(call, place()),
    async handle(call) {
      if (faults.eventBridgeDown) throw new Unreachable();
      return json(putEach(call, (entry) => refusalOf(entry, buses, faults) ?? take(entry)));
    },
    async [Symbol.asyncDispose]() {
      pauses.end();
    },
  };
}

/** Bytes of an entry as EventBridge counts them: its time is 14. */
const sizeOf = ({ Source = '', DetailType = '', Detail = '', Time }: Entry) =>
  Buffer.byteLength(Source + DetailType + Detail) + (Time === undefined ? 0 : 14);

function ruleNamed(name: string, rules: readonly Rule[]): Rule {
  const rule = rules.find((each) => each.name === name);
  if (rule) return rule;
  throw new Error(`there is no rule ${name}; rules are: ${rules.map((each) => each.name).join(', ')}`);
}

const wants = (rule: Rule, bus: string, event: BusEvent, { pausedRules }: Faults) =>
  !pausedRules.has(rule.name) && rule.enabled && rule.bus === bus && rule.matches?.(event) === true;

const ruleArn = ({ bus, name }: Rule, { region, accountId }: { region: string; accountId: string }) =>
  `arn:aws:events:${region}:${accountId}:rule/${bus === 'default' ? '' : `${bus}/`}${name}`;

function needsOf(call: ApiCall, { region, accountId }: { region: string; accountId: string }): Need[] {
  const { Entries = [] } = parseBody<{ Entries?: readonly Entry[] }>(call);
  const buses = new Set(Entries.map(({ EventBusName }) => busNamed(EventBusName)));
  return [...buses].map((bus) => {
    const entries = Entries.filter(({ EventBusName }) => busNamed(EventBusName) === bus);
    return {
      action: `events:${call.operation}`,
      resource: `arn:aws:events:${region}:${accountId}:event-bus/${bus}`,
      context: {
        'events:source': entries.map(({ Source = '' }) => Source),
        'events:detail-type': entries.map(({ DetailType = '' }) => DetailType),
      },
    };
  });
}

const ofType = (template: Template, type: string) =>
  template.resources.filter((resource) => resource.type === type);

/** Entries fail one by one; the request fails only as a whole that is misshapen. */
function putEach(call: ApiCall, put: (entry: Entry) => object) {
  if (call.operation !== 'PutEvents') {
    throw new ApiError(
      'NotImplemented',
      `EventBridge ${call.operation} is not emulated on this machine`,
      501,
    );
  }
  const { Entries = [] } = parseBody<{ Entries?: readonly Entry[] }>(call);
  if (Entries.length < 1 || Entries.length > 10) {
    throw new ApiError('ValidationException', 'PutEvents takes 1 to 10 entries');
  }
  const results = Entries.map(put);
  return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
}
