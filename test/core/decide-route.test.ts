import { describe, expect, test } from 'vitest';
import { Policy, RoutingConfig, type RoutingConfigInput } from '../../contracts/config.ts';
import type { CallReceived } from '../../contracts/events/call.ts';
import { RouteDecision } from '../../contracts/route-decision.ts';
import { decideRoute } from '../../core/decide-route.ts';
import { aCallReceived, at, ulid } from './call-story.ts';

const stamp = { id: ulid(9), now: at(10) };
const desk = { targets: [{ uri: 'sip:desk@192.0.2.10', priority: 2 }, { uri: 'sip:desk@192.0.2.11' }] };

function decided(changes: Partial<RoutingConfigInput>, call: Partial<CallReceived> = {}) {
  const config = RoutingConfig.parse({
    version: 1,
    trunks: { carrier: { sources: ['203.0.113.0/24'] } },
    numbers: { '+15550100': { agent: 'desk' } },
    agents: { desk },
    ...changes,
  });
  return decideRoute(aCallReceived(call), { version: 7, config }, stamp);
}

const calling = (number: string) => ({ to: { uri: `sip:${number}@192.0.2.1`, number } });
const offering = (...codecs: string[]) => ({ offer: { codecs, dtmf: true, encrypted: false } });

describe('where a call goes', () => {
  test('a number leads to its agent: targets by priority, named by their place in the file', () => {
    const { route } = decided({});
    expect(route).toMatchObject({
      action: 'connect',
      agent: 'desk',
      targets: [
        { id: 'desk-2', uri: 'sip:desk@192.0.2.11' },
        { id: 'desk-1', uri: 'sip:desk@192.0.2.10' },
      ],
    });
  });

  test('the decision answers this one event and says on what it rests', () => {
    const decision = decided({});
    const { callId, id: eventId, expiresAt } = aCallReceived();
    expect(RouteDecision.parse(decision)).toEqual(decision);
    expect(decision).toMatchObject({
      ...{ id: stamp.id, time: stamp.now },
      callId,
      eventId,
      expiresAt,
      configVersion: 7,
    });
  });

  test('where the event names no deadline the decision is worth something for 1.5 s', () => {
    const { expiresAt: _none, ...open } = aCallReceived();
    const config = RoutingConfig.parse({
      version: 1,
      trunks: { carrier: { sources: ['203.0.113.0/24'] } },
      numbers: {},
      agents: {},
    });
    expect(decideRoute(open, { version: 1, config }, stamp).expiresAt).toBe(at(1_510));
  });

  test('an agent without a policy of its own has the default policy', () => {
    const { codecs, ringSeconds, maxDurationSeconds, quality, qualityEverySeconds, silence } = Policy.parse(
      {},
    );
    expect(decided({}).route).toMatchObject({
      ...{ codecs, ringSeconds, maxDurationSeconds, quality, qualityEverySeconds, silence },
    });
  });

  test('a policy named "default" in the file replaces the built-in one', () => {
    expect(decided({ policies: { default: { ringSeconds: 5 } } }).route).toMatchObject({ ringSeconds: 5 });
  });

  test("an agent's own policy counts for its calls", () => {
    const agents = { desk: { ...desk, policy: 'slow' } };
    expect(decided({ agents, policies: { slow: { ringSeconds: 90 } } }).route).toMatchObject({
      ringSeconds: 90,
    });
  });

  test('"*" takes every number that is not listed', () => {
    const numbers = { '+15550100': { reject: 410 }, '*': { agent: 'desk' } };
    expect(decided({ numbers }, calling('+15550177')).route).toMatchObject({
      action: 'connect',
      agent: 'desk',
    });
    expect(decided({ numbers }, calling('')).route).toMatchObject({ action: 'connect' });
  });
});

describe('what is refused', () => {
  test('a number that the configuration rejects, with the status it names', () => {
    const refused = { action: 'refuse', reason: 'rejected-by-route', sipStatus: 410 };
    expect(decided({ numbers: { '+15550100': { reject: 410 } } }).route).toEqual(refused);
  });

  test.each(['+15550177', '', 'constructor', '__proto__', 'toString'])(
    'the unknown number "%s"',
    (number) => {
      expect(decided({}, calling(number)).route).toEqual({ action: 'refuse', reason: 'unknown-number' });
    },
  );

  test('an offer with no codec in common', () => {
    expect(decided({}, offering('opus', 'telephone-event')).route).toEqual({
      action: 'refuse',
      reason: 'no-common-codec',
    });
  });
});

describe('codecs', () => {
  test('a codec that the policy converts is enough', () => {
    const policies = { default: { codecs: { transcode: ['opus' as const] } } };
    expect(decided({ policies }, offering('opus')).route).toMatchObject({ action: 'connect' });
  });

  test('a late offer is not judged: there is nothing to judge yet', () => {
    const { offer: _late, ...received } = aCallReceived();
    const config = RoutingConfig.parse({
      version: 1,
      trunks: { carrier: { sources: ['203.0.113.0/24'] } },
      numbers: { '*': { agent: 'desk' } },
      agents: { desk },
    });
    expect(decideRoute(received, { version: 1, config }, stamp).route).toMatchObject({ action: 'connect' });
  });
});
