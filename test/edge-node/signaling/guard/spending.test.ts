import { describe, expect, test } from 'vitest';
import { RoutingConfig, type RoutingConfigInput } from '../../../../contracts/config.ts';
import type { EventOf } from '../../../../contracts/events.ts';
import { createNumberCaps } from '../../../../edge-node/signaling/guard/number-caps.ts';
import type { KeptSpend } from '../../../../edge-node/signaling/guard/spend-file.ts';
import { heldClock } from '../../held-clock.ts';
import { FakeInvite, type Stage, stage } from '../stage.ts';

type Limits = NonNullable<RoutingConfigInput['trunks'][string]['limits']>;
const [US, UK, PREMIUM] = ['+12125550123', '+442071838750', '+881612345678'];

/** Calls of `agents` go out over `one` and, where that one refuses, over `two`. */
const configOf = (limits: Limits): RoutingConfigInput => ({
  version: 1,
  trunks: {
    agents: { sources: ['192.0.2.0/24'] },
    one: { endpoints: [{ host: 'one.carrier.example' }], limits },
    two: { endpoints: [{ host: 'two.carrier.example' }] },
  },
  numbers: {},
  agents: {},
  routes: {
    all: {
      ...{ prefix: '+', from: ['agents'] },
      trunks: [
        { trunk: 'one', priority: 1 },
        { trunk: 'two', priority: 2 },
      ],
    },
  },
});

const rates = [
  { prefix: '+1', perMinute: 0.5 },
  { prefix: '+44', perMinute: 1 },
  { prefix: '+4420', perMinute: 2 },
];

const aStage = (limits: Limits, spent?: Map<string, KeptSpend>) =>
  stage({ config: configOf(limits), ...(spent ? { spent } : {}) });

/** Calls out; which trunk took the call. */
async function callOut(on: Stage, to: string) {
  const before = on.attempts.length;
  const invite = on.invite(new FakeInvite({ to }));
  await on.settled();
  const attempt = on.attempts.at(-1);
  if (on.attempts.length === before || !attempt) throw new Error('nobody was called');
  const over = attempt.request.uri.includes('one.') ? 'one' : 'two';
  return { invite, attempt, over };
}

async function talk(on: Stage, to: string, seconds: number) {
  const call = await callOut(on, to);
  call.attempt.answers();
  await on.settled();
  on.clock.pass(seconds * 1000);
  call.attempt.dialog.hangsUp();
  await on.settled();
  return call.over;
}

const alarms = (on: Stage) =>
  on.events.filter((event): event is EventOf<'trunk.spend-alarm'> => event.type === 'trunk.spend-alarm');
const failures = (on: Stage) =>
  on.events.filter((event) => event.type === 'call.attempt-failed').map((event) => event.reason);

describe('what calls out over a trunk cost', () => {
  const limits: Limits = { rates, spend: { perHour: 10, currency: 'EUR' } };

  test('is said once when it nears the cap and once when it is reached; then calls go elsewhere', async () => {
    const on = aStage(limits);
    expect(await talk(on, US, 900)).toBe('one');
    expect(alarms(on)).toEqual([]);
    expect(await talk(on, US, 60)).toBe('one');
    const cap = { trunk: 'one', period: 'hour', unit: 'money', cap: 10, currency: 'EUR' };
    expect(alarms(on)).toMatchObject([{ ...cap, used: 8, refusing: false }]);
    expect(await talk(on, US, 300)).toBe('one');
    expect(alarms(on)).toMatchObject([{ refusing: false }, { ...cap, used: 10, refusing: true }]);
    expect(await talk(on, US, 1)).toBe('two');
    expect(failures(on)).toEqual(['spend-limit']);
    expect(alarms(on)).toHaveLength(2);
  });

  test('is counted while a call is still up, which goes on', async () => {
    const on = aStage(limits);
    const { attempt } = await callOut(on, US);
    attempt.answers();
    await on.settled();
    on.clock.pass(1_205_000);
    expect(alarms(on)).toMatchObject([{ refusing: false }, { refusing: true }]);
    expect((await callOut(on, US)).over).toBe('two');
    expect(attempt.dialog.byes).toEqual([]);
  });

  test('is forgiven when the hour is over, and may be said anew', async () => {
    const on = aStage(limits);
    await talk(on, US, 1_300);
    expect((await callOut(on, US)).over).toBe('two');
    on.clock.pass(3_600_000);
    expect(await talk(on, US, 1_000)).toBe('one');
    expect(alarms(on).map(({ refusing }) => refusing)).toEqual([false, true, false]);
  });

  test('is nothing before a call is answered, and for one that is not', async () => {
    const on = aStage(limits);
    const { attempt } = await callOut(on, US);
    attempt.rings();
    on.clock.pass(25_000);
    attempt.fails(486);
    await on.settled();
    expect(alarms(on)).toEqual([]);
    expect(on.clock.pending()).toBe(0);
  });

  test('of an earlier process is not forgotten', async () => {
    const hour = { since: Date.UTC(2026, 0, 1), minutes: 20, money: 9.99 };
    const said = [`money hour ${hour.since} near`];
    const on = aStage(limits, new Map([['one', { usage: { hour, day: hour }, said }]]));
    expect(await talk(on, US, 60)).toBe('one');
    expect(alarms(on)).toMatchObject([{ refusing: true, used: 10.03 }]);
    expect((await callOut(on, US)).over).toBe('two');
  });
});

test('minutes of a trunk have caps of their own, an hour and a day', async () => {
  const on = aStage({ minutes: { perHour: 20, perDay: 30 } });
  expect(await talk(on, US, 1_200)).toBe('one');
  expect((await callOut(on, US)).over).toBe('two');
  on.clock.pass(3_600_000);
  expect(await talk(on, US, 600)).toBe('one');
  expect((await callOut(on, US)).over).toBe('two');
  const told = alarms(on).filter(({ refusing }) => refusing);
  expect(told).toMatchObject([
    { unit: 'minutes', period: 'hour', cap: 20 },
    { unit: 'minutes', period: 'day', cap: 30 },
  ]);
});

test('where no other trunk is left the caller hears 503, and the record says that it was the cost', async () => {
  const config = configOf({ rates, spend: { perHour: 1 } });
  config.routes = { all: { prefix: '+', from: ['agents'], trunks: [{ trunk: 'one' }] } };
  const on = stage({ config });
  await talk(on, US, 300);
  const invite = on.invite(new FakeInvite({ to: US }));
  await on.settled();
  expect(invite.told).toEqual(['503']);
  const ended = on.events.filter((event) => event.type === 'call.ended').at(-1);
  expect(ended).toMatchObject({ reason: 'spend-limit', blame: 'policy' });
});

describe('calls of one number', () => {
  test('have a cap at a time: of the caller, whoever is called', async () => {
    const on = aStage({ perNumber: { calls: 2 } });
    const calls = [await callOut(on, US), await callOut(on, UK), await callOut(on, PREMIUM)];
    expect(calls.map(({ over }) => over)).toEqual(['one', 'one', 'two']);
    expect(failures(on)).toEqual(['trunk-limit']);
    calls[0]?.invite.cancels();
    await on.settled();
    expect((await callOut(on, US)).over).toBe('one');
  });

  test('have a cap in a minute and in an hour', async () => {
    const on = aStage({ perNumber: { callsPerMinute: 2, callsPerHour: 3 } });
    const taken = async () => talk(on, US, 1);
    expect([await taken(), await taken(), await taken()]).toEqual(['one', 'one', 'two']);
    on.clock.pass(60_000);
    expect([await taken(), await taken()]).toEqual(['one', 'two']);
    on.clock.pass(3_600_000);
    expect(await taken()).toBe('one');
  });

  test('to one number count for it, too', () => {
    const caps = createNumberCaps(heldClock());
    expect(caps.take(['from a', 'to x'], { calls: 1 })).toBeTypeOf('function');
    expect(caps.take(['from b', 'to x'], { calls: 1 })).toBe('to x');
    expect(caps.take(['from b', 'to y'], { calls: 1 })).toBeTypeOf('function');
  });

  test('are remembered of a bounded number of them, those that are up always', () => {
    const caps = createNumberCaps(heldClock(), 10);
    caps.take(['up'], { calls: 1 });
    for (let one = 0; one < 100; one += 1) {
      const given = caps.take([`other ${one}`], { calls: 1 });
      if (typeof given !== 'string') given();
    }
    expect(caps.size).toBe(10);
    expect(caps.take(['up'], { calls: 1 })).toBe('up');
  });
});

test.each([
  ['spend without rates', { spend: { perDay: 10 } }, 'spend'],
  ['rates without spend', { rates }, 'rates'],
  ['spend without a cap', { rates, spend: {} }, 'spend'],
  ['an hour above its day', { rates, spend: { perHour: 20, perDay: 10 } }, 'spend.perHour'],
  [
    'a negative rate',
    { rates: [{ prefix: '+1', perMinute: -0.1 }], spend: { perDay: 1 } },
    'rates.0.perMinute',
  ],
  [
    'the same prefix twice',
    { rates: [...rates, { prefix: '+1', perMinute: 9 }], spend: { perDay: 1 } },
    'rates.3.prefix',
  ],
  ['an alarm above the cap', { rates, spend: { perDay: 1, alarmAt: 1.5 } }, 'spend.alarmAt'],
  ['no cap for a number', { perNumber: {} }, 'perNumber'],
  [
    'a minute above its hour',
    { perNumber: { callsPerMinute: 9, callsPerHour: 3 } },
    'perNumber.callsPerMinute',
  ],
  ['no minutes', { minutes: { perDay: 0 } }, 'minutes.perDay'],
  ['too many prefixes', { deny: Array.from({ length: 1_001 }, (_, index) => `+${index}`) }, 'deny'],
])('%s is a fault that names its field', (_, limits, path) => {
  const config = {
    ...configOf({}),
    trunks: { one: { endpoints: [{ host: 'c.example' }], limits } },
    routes: {},
  };
  const paths = RoutingConfig.safeParse(config).error?.issues.map((issue) => issue.path.join('.'));
  expect(paths).toEqual([`trunks.one.limits.${path}`]);
});
