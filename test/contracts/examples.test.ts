import { describe, expect, test } from 'vitest';
import { Command, type CommandType, commands } from '../../contracts/commands.ts';
import { RoutingConfig } from '../../contracts/config.ts';
import { EdgeMessage } from '../../contracts/edge-message.ts';
import { CallReceived } from '../../contracts/events/call.ts';
import { AnyEvent, type CallScopedEvent, events } from '../../contracts/events.ts';
import { messages } from '../../contracts/json-schema.ts';
import { faultsOf } from '../../contracts/refusal.ts';
import { RouteDecision } from '../../contracts/route-decision.ts';
import { digitsOf } from '../../core/call-digits.ts';
import { type CallState, evolve } from '../../core/call-state.ts';
import { decideRoute } from '../../core/decide-route.ts';
import { terminations } from '../../core/terminations.ts';
import { example, examples, messageNames, nearMisses } from './published.ts';

describe('examples', () => {
  test.each(messageNames)('%s has one', (name) => {
    expect(examples.map(({ of }) => of)).toContain(name);
  });

  test.each(examples)('$name is accepted, and nothing of it is lost', ({ of, json }) => {
    expect(messages[of].parse(json)).toMatchObject(json as object);
  });

  test('events are told apart by their type, edge messages by their kind', () => {
    for (const { of, json } of examples.filter(({ of }) => of in events)) {
      expect(AnyEvent.parse(json).type).toBe(of);
    }
    expect(EdgeMessage.parse(example('route-decision')).kind).toBe('decision');
    expect(EdgeMessage.parse(example('delivered-command')).kind).toBe('command');
  });
});

describe('near-misses', () => {
  test.each(messageNames)('%s has at least two', (name) => {
    expect(nearMisses.filter(({ of }) => of === name).length).toBeGreaterThanOrEqual(2);
  });

  test.each(nearMisses)('$name is refused at $because', ({ of, because, says, message }) => {
    const { error } = messages[of].safeParse(message);
    const faults = error ? faultsOf(error, message) : [];
    expect(faults).toEqual([{ path: because, message: expect.stringContaining(says) }]);
  });
});

describe('tomorrow', () => {
  /** What comes from outside is refused where it is mistyped. */
  const strict = new Set([
    ...Object.keys(commands),
    'routing-config',
    'pcm.from-agent',
    'agent-session-request',
  ]);
  const tolerant = examples.filter(({ of }) => !strict.has(of));

  test.each(tolerant)('$name with a field that is added later is still understood', ({ of, json }) => {
    expect(messages[of].parse({ ...(json as object), addedLater: { yes: true } })).toEqual(
      messages[of].parse(json),
    );
  });

  test.each(Object.keys(commands) as CommandType[])('%s with an unknown field is refused', (name) => {
    const input = { ...example(name), force: true };
    const { error } = Command.safeParse(input);
    expect(error && faultsOf(error, input)).toMatchObject([{ message: 'Unrecognized key: "force"' }]);
  });

  test('a command that travels to its edge is as strict as it was when it was sent', () => {
    const command = { ...example('call.hangup'), force: true };
    expect(EdgeMessage.safeParse({ ...example('delivered-command'), command }).success).toBe(false);
  });
});

describe('the examples tell one call', () => {
  const told = examples
    .map(({ json }) => AnyEvent.safeParse(json).data)
    .filter((event): event is CallScopedEvent => event !== undefined && 'seq' in event)
    .filter(({ callId }) => callId === example('call.received')['callId'])
    .sort((one, other) => (one.seq ?? 0) - (other.seq ?? 0));

  test('which is complete, and says what its events say', () => {
    const state = told.reduce<CallState | undefined>(evolve, undefined);
    expect(state).toMatchObject({
      complete: true,
      missing: [],
      routed: { agent: 'reception', source: 'live' },
      answered: { target: 'reception-2' },
      ended: { by: 'edge', reason: 'hung-up-by-command' },
      digitCount: { received: 1, delivered: 1 },
    });
    expect(state && digitsOf(state, 'a', 'delivered')).toBe('5');
  });

  test('in order of time, within the life of one edge', () => {
    const times = told.map(({ time }) => time);
    expect(times).toEqual([...times].sort());
    for (const { edge } of told) expect(edge).toEqual(example('edge.started')['edge']);
  });

  test('whose decision is the one that the example configuration leads to', () => {
    const decision = RouteDecision.parse(example('route-decision'));
    const config = RoutingConfig.parse(example('routing-config'));
    const stamp = { id: decision.id, now: decision.time };
    const received = CallReceived.parse(example('call.received'));
    expect(decideRoute(received, { version: decision.configVersion, config }, stamp)).toEqual(decision);
  });

  test('which ended by the example command, with the blame and status of the termination table', () => {
    expect(example('command.applied')['commandId']).toBe(example('call.hangup')['id']);
    expect(example('command.refused')['commandId']).toBe(example('call.reject')['id']);
    for (const name of ['call.ended', 'call.ended.reaped']) {
      const ended = events['call.ended'].parse(example(name));
      const { blame, sip } = terminations[ended.reason];
      expect(ended).toMatchObject({ blame, sipStatus: sip });
    }
  });
});
