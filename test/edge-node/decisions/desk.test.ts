import { describe, expect, test } from 'vitest';
import type { VersionedConfig } from '../../../contracts/config.ts';
import type { CallReceived } from '../../../contracts/events/call.ts';
import type { RouteDecision } from '../../../contracts/route-decision.ts';
import { decideRoute } from '../../../core/decide-route.ts';
import { systemClock } from '../../../edge-node/clock.ts';
import { createDecisionDesk } from '../../../edge-node/decisions/desk.ts';
import { aReceivedCall } from '../an-event.ts';
import { heldClock } from '../held-clock.ts';
import { aConfig } from './a-config.ts';

const never = () => new AbortController().signal;

function aDesk(config: VersionedConfig | undefined = aConfig(), remembered = 100) {
  const clock = heldClock();
  const counted: string[] = [];
  const desk = createDecisionDesk({
    clock,
    snapshot: { current: () => config },
    metrics: { message: (kind, outcome) => counted.push(`${kind} ${outcome}`) },
    remembered,
  });
  const aCall = (but: Partial<CallReceived> = {}) =>
    aReceivedCall({ expiresAt: new Date(clock.now() + 1_500).toISOString(), ...but });
  return { clock, desk, counted, aCall };
}

const decisionFor = (received: CallReceived, but: Partial<RouteDecision> = {}): RouteDecision => ({
  ...decideRoute(received, aConfig(9), { id: systemClock.newId(), now: received.time }),
  ...but,
});

describe('a call that waits', () => {
  test('takes the decision that comes in time', async () => {
    const { desk, clock, aCall, counted } = aDesk();
    const call = aCall();
    const decided = desk.decide(call, never());
    clock.pass(180);
    expect(desk.deliver(decisionFor(call))).toBe('applied');
    expect(await decided).toMatchObject({ source: 'live', configVersion: 9, waitMs: 180 });
    expect(counted).toEqual(['decision applied']);
  });

  test('decides by the snapshot at the deadline, not earlier', async () => {
    const { desk, clock, aCall } = aDesk();
    const decided = desk.decide(aCall(), never());
    clock.pass(1_499);
    expect(desk.waiting).toBe(1);
    clock.pass(1);
    expect(desk.waiting).toBe(0);
    expect(await decided).toMatchObject({
      source: 'snapshot',
      configVersion: 7,
      waitMs: 1_500,
      route: { action: 'connect', agent: 'echo' },
    });
  });

  test('is refused at the deadline where there is no snapshot', async () => {
    const clock = heldClock();
    const desk = createDecisionDesk({
      clock,
      snapshot: { current: () => undefined },
      metrics: { message: () => undefined },
    });
    const decided = desk.decide(aReceivedCall(), never());
    clock.pass(1_500);
    expect(await decided).toEqual({
      source: 'default',
      configVersion: 0,
      waitMs: 1_500,
      route: { action: 'refuse', reason: 'decision-late' },
    });
  });

  test('decides at once where the deadline is over already', async () => {
    const { desk, clock, aCall } = aDesk();
    const decided = desk.decide(aCall({ expiresAt: new Date(clock.now() - 1).toISOString() }), never());
    clock.pass(0);
    expect(await decided).toMatchObject({ source: 'snapshot', waitMs: 0 });
  });

  test('stops waiting when the caller has gone', async () => {
    const { desk, clock, aCall } = aDesk();
    const cancel = new AbortController();
    const call = aCall();
    const decided = desk.decide(call, cancel.signal);
    clock.pass(100);
    cancel.abort();
    expect(await decided).toMatchObject({ route: { action: 'refuse' }, waitMs: 100 });
    expect(desk.deliver(decisionFor(call))).toBe('late');
    expect([desk.waiting, clock.pending()]).toEqual([0, 0]);
  });

  test('does not wait at all for a caller who has gone before', async () => {
    const { desk, clock, aCall } = aDesk();
    await desk.decide(aCall(), AbortSignal.abort());
    expect([desk.waiting, clock.pending()]).toEqual([0, 0]);
  });
});

describe('a decision', () => {
  test('that expired on its way is late, and the call goes on waiting for its own deadline', async () => {
    const { desk, clock, aCall, counted } = aDesk();
    const call = aCall();
    const decided = desk.decide(call, never());
    const expiresAt = new Date(clock.now() + 50).toISOString();
    clock.pass(50);
    expect(desk.deliver(decisionFor(call, { expiresAt }))).toBe('late');
    clock.pass(1_450);
    expect(await decided).toMatchObject({ source: 'snapshot' });
    expect(counted).toEqual(['decision late']);
  });

  test('delivered twice is applied once', async () => {
    const { desk, aCall, counted } = aDesk();
    const call = aCall();
    const decided = desk.decide(call, never());
    const decision = decisionFor(call);
    expect([desk.deliver(decision), desk.deliver(decision)]).toEqual(['applied', 'duplicate']);
    expect(await decided).toMatchObject({ source: 'live' });
    expect(counted).toEqual(['decision applied', 'decision duplicate']);
  });

  test('after the edge decided by itself is late', async () => {
    const { desk, clock, aCall } = aDesk();
    const call = aCall();
    const decided = desk.decide(call, never());
    clock.pass(1_500);
    await decided;
    expect(desk.deliver(decisionFor(call))).toBe('late');
  });

  test('for a call of another edge, or for another event of this call, is foreign', async () => {
    const { desk, aCall } = aDesk();
    const call = aCall();
    const decided = desk.decide(call, never());
    expect(desk.deliver(decisionFor(aReceivedCall()))).toBe('foreign');
    expect(desk.deliver(decisionFor(call, { eventId: systemClock.newId() }))).toBe('foreign');
    expect(desk.deliver(decisionFor(call))).toBe('applied');
    await decided;
    expect(desk.deliver(decisionFor(call, { eventId: systemClock.newId() }))).toBe('foreign');
  });
});

test('load, let go, load again: nothing is left of calls that are decided', async () => {
  const { desk, clock, aCall } = aDesk(aConfig(), 10);
  for (let round = 0; round < 3; round += 1) {
    const calls = Array.from({ length: 1_000 }, () => aCall());
    const decided = calls.map((call) => desk.decide(call, never()));
    for (const call of calls.slice(0, 500)) desk.deliver(decisionFor(call));
    clock.pass(1_500);
    await Promise.all(decided);
    expect([desk.waiting, clock.pending()]).toEqual([0, 0]);
  }
});
