import { describe, expect, test } from 'vitest';
import { RoutingConfig, type RoutingConfigInput } from '../../contracts/config.ts';
import { faultsOf } from '../../contracts/refusal.ts';
import { RouteDecision } from '../../contracts/route-decision.ts';
import { decideRoute } from '../../core/decide-route.ts';
import { findRoute } from '../../core/find-route.ts';
import { aCallReceived, at, callId } from './call-story.ts';

const written = (changes: Partial<RoutingConfigInput> = {}): RoutingConfigInput => ({
  version: 1,
  trunks: {
    carrier: { sources: ['203.0.113.0/24'] },
    west: {
      endpoints: [{ host: '198.51.100.7', port: 5060 }],
      limits: { deny: ['+1900'] },
    },
    world: { endpoints: [{ host: 'sip.world.example', transport: 'tls' }] },
  },
  numbers: { '+15550100': { agent: 'desk' } },
  routes: {
    us: {
      prefix: '+1',
      from: ['west'],
      trunks: [
        { trunk: 'west', priority: 1 },
        { trunk: 'world', priority: 2 },
      ],
    },
  },
  agents: {
    desk: {
      ...{ encryption: 'required', dtmf: 'info' },
      targets: [{ number: '+12125550123', priority: 2 }, { uri: 'sip:desk@192.0.2.10' }],
    },
  },
  ...changes,
});

const call = {
  ...aCallReceived(),
  trunk: 'carrier',
  to: { uri: 'sip:+15550100@192.0.2.1', number: '+15550100' },
};

describe('a number as a target of an agent', () => {
  test('is every endpoint of its route, in its place among the others, and is called instead of what was dialled', () => {
    const told: string[] = [];
    const config = RoutingConfig.parse(written());
    const route = findRoute(call, config, (rule, outcome) => void told.push(`${rule}: ${outcome}`));
    expect(route).toMatchObject({ action: 'connect', agent: 'desk' });
    if (route.action !== 'connect') return;
    expect(route.targets).toEqual([
      expect.objectContaining({ id: 'desk-2', uri: 'sip:desk@192.0.2.10', dtmf: 'info' }),
      {
        ...{ id: 'desk-1-west-1', trunk: 'west', uri: 'sip:+12125550123@198.51.100.7:5060' },
        ...{ number: '+12125550123', priority: 2, weight: 1 },
      },
      {
        ...{ id: 'desk-1-world-1', trunk: 'world', uri: 'sip:+12125550123@sip.world.example;transport=tls' },
        ...{ number: '+12125550123', priority: 2, weight: 1 },
      },
    ]);
    expect(told).toContain('target desk-1: calls +12125550123 over routes.us');
  });

  test('is decided alike in the cloud and on the edge, and goes through the queue whole', () => {
    const stamp = { id: callId, now: at(0) };
    const config = { version: 3, config: RoutingConfig.parse(written()) };
    const decision = decideRoute(call, config, stamp);
    expect(RouteDecision.parse(JSON.parse(JSON.stringify(decision)))).toEqual(decision);
  });

  test('is left out where no trunk may call it; where that is all there is, the call is refused', () => {
    const route = findRoute(
      call,
      RoutingConfig.parse(
        written({
          agents: { desk: { targets: [{ number: '+19005550123' }] } },
          routes: { us: { prefix: '+1', from: ['west'], trunks: [{ trunk: 'west' }] } },
        }),
      ),
    );
    expect(route).toEqual({ action: 'refuse', reason: 'destination-denied' });
  });
});

describe('the check of a number that an agent calls', () => {
  const faults = (changes: Partial<RoutingConfigInput>) => {
    const input = written(changes);
    const { error } = RoutingConfig.safeParse(input);
    return error ? faultsOf(error, input).map(({ path, message }) => `${path}: ${message}`) : [];
  };
  const agents = (...numbers: string[]) =>
    Object.fromEntries(
      numbers.map((number, index) => [`agent-${index + 1}`, { targets: [{ number }] }]),
    ) as RoutingConfigInput['agents'];

  test('finds one to which no route leads', () => {
    expect(faults({ agents: { desk: { targets: [{ number: '+4930123456' }] } } })).toEqual([
      'agents.desk.targets.0.number: no route leads to it; prefixes of routes are: +1 (found "+4930123456")',
    ]);
  });

  test('finds one that leads back to the agent, and a circle of several', () => {
    const numbers = { '+15550100': { agent: 'agent-1' }, '+15550101': { agent: 'agent-2' } };
    expect(faults({ agents: agents('+15550100', '+12125550123'), numbers })).toEqual([
      expect.stringMatching(
        /^agents\.agent-1\.targets\.0\.number: a call to it comes back to agent "agent-1"/,
      ),
    ]);
    expect(faults({ agents: agents('+15550101', '+15550100'), numbers })).toHaveLength(2);
    const rules = { '+15550100': { rules: [{ hours: nightly, reject: 480 }, { agent: 'agent-1' }] } };
    expect(faults({ agents: agents('+15550100'), numbers: rules })).toHaveLength(1);
  });

  const nightly = { timezone: 'Europe/Berlin', from: '20:00', to: '08:00' };

  test('takes one that leads to another agent, and that of nobody here', () => {
    const numbers = { '+15550100': { agent: 'agent-1' }, '+15550101': { agent: 'agent-2' } };
    expect(faults({ agents: agents('+15550101', '+12125550123'), numbers })).toEqual([]);
  });

  test.each([['+1 212 555 0123'], ['sip:+12125550123'], ['']])(
    'refuses %j, which no carrier dials',
    (number) => {
      expect(faults({ agents: { desk: { targets: [{ number }] } } }).join()).toContain(
        'must be a number that a carrier dials',
      );
    },
  );
});
