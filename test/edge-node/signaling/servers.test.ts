import pino from 'pino';
import { describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../../contracts/config.ts';
import type { Service } from '../../../core/find-servers.ts';
import type { Dns } from '../../../edge-node/ports.ts';
import { openTrunkDesk, type TrunkDesk } from '../../../edge-node/signaling/trunks/trunk-desk.ts';
import { FakeInvite, type Stage, stage } from './stage.ts';

/* Calls out over two carriers: one is a name with two servers, the other an address. */

const config: RoutingConfigInput = {
  version: 1,
  trunks: {
    agents: { sources: ['192.0.2.0/24'] },
    named: { endpoints: [{ host: 'carrier.test' }], probe: { everySeconds: 3600 } },
    other: { endpoints: [{ host: '203.0.113.9', port: 5060 }], probe: { everySeconds: 3600 } },
  },
  numbers: { '+15550100': { agent: 'desk' } },
  agents: { desk: { targets: [{ uri: 'sip:desk@agent.test' }] } },
  routes: {
    world: {
      prefix: '+1',
      from: ['agents'],
      trunks: [
        { trunk: 'named', priority: 1 },
        { trunk: 'other', priority: 2 },
      ],
      policy: 'quick',
    },
  },
  policies: { quick: { ringSeconds: 10 } },
};

const service = (name: string, priority: number): Service => ({ name, port: 5070, priority, weight: 1 });

const zone: Readonly<Record<string, readonly unknown[]>> = {
  '_sip._udp.carrier.test': [service('one.test', 1), service('two.test', 2)],
  '_sip._udp.agent.test': [service('one.test', 1), service('two.test', 2)],
  'one.test': ['203.0.113.1'],
  'two.test': ['203.0.113.2'],
};
const answer = async <T>(name: string) => ({ records: (zone[name] ?? []) as T[], ttlSeconds: 3600 });
const dns: Dns = {
  naptr: answer,
  srv: answer,
  addresses: (_type, name) => answer(name),
  [Symbol.asyncDispose]: async () => {},
};

function aStage(zoneOf: Dns = dns) {
  let desk: TrunkDesk | undefined;
  const answers: { options: number | undefined } = { options: 200 };
  const options = async () =>
    answers.options === undefined ? undefined : { status: answers.options, detail: '' };
  const s = stage({
    config,
    trunks(parts) {
      desk = openTrunkDesk({
        ...parts,
        elsewhere: { of: async () => [] },
        ...{ dns: zoneOf, contacts: () => ['udp/192.0.2.250:5060'], options },
        logger: pino({ level: 'silent' }),
      });
      return desk;
    },
  });
  return { s, answers, desk: () => desk as TrunkDesk };
}

const ONE = 'sip:203.0.113.1:5070;transport=udp';
const TWO = 'sip:203.0.113.2:5070;transport=udp';
const OTHER = undefined;

/** One more call, a second after the last one: the hops of its INVITEs, each failed with what `fail` says of its index. */
async function call(
  { s }: { s: Stage },
  fail: readonly (number | 'dead' | 'silence' | { readonly retryAfter: number })[],
  to = '+12125550123',
): Promise<(string | undefined)[]> {
  s.clock.pass(1_000);
  const before = s.attempts.length;
  const alice = s.invite(new FakeInvite({ to }));
  for (const how of fail) {
    await s.settled();
    const attempt = s.attempts.at(-1);
    if (typeof how === 'number') attempt?.fails(how);
    else if (how === 'dead') attempt?.failsUnheard('transport');
    else if (how === 'silence') attempt?.failsUnheard('silence');
    else attempt?.fails(503, how.retryAfter);
  }
  await s.settled();
  const hops = s.attempts.slice(before).map(({ request }) => request.nextHop);
  alice.cancels();
  await s.settled();
  return hops;
}

describe('the servers of a name', () => {
  test('are called one after the other, then the next trunk, and each attempt is told with its server', async () => {
    const all = aStage();
    expect(await call(all, [503, 500])).toEqual([ONE, TWO, OTHER]);
    const { s } = all;
    expect(s.attempts.map(({ request }) => request.uri)).toEqual([
      'sip:+12125550123@carrier.test',
      'sip:+12125550123@carrier.test',
      'sip:+12125550123@203.0.113.9:5060',
    ]);
    const failed = s.events.filter(({ type }) => type === 'call.attempt-failed');
    const named = { target: 'named-1', trunk: 'named', tryingNext: true };
    expect(failed).toMatchObject([
      { ...named, server: '203.0.113.1:5070;transport=udp', sipStatus: 503, reason: 'target-unavailable' },
      { ...named, server: '203.0.113.2:5070;transport=udp', sipStatus: 500, reason: 'target-error' },
    ]);
    expect(s.media.offers).toHaveLength(3);
  });

  test.each([486, 600, 603])('are one callee: %i ends the call', async (status) => {
    expect(await call(aStage(), [status])).toEqual([ONE]);
  });

  test('are one callee: where nobody answers the next trunk is called, not the next server', async () => {
    expect(await call(aStage(), [480])).toEqual([ONE, OTHER]);
    const all = aStage();
    all.s.invite(new FakeInvite({ to: '+12125550123' }));
    await all.s.settled();
    all.s.attempt(0).rings();
    all.s.clock.pass(10_000);
    await all.s.settled();
    expect(all.s.attempts.map(({ request }) => request.nextHop)).toEqual([ONE, OTHER]);
  });

  test('of an agent go on the same way', async () => {
    expect(await call(aStage(), [500], '+15550100')).toEqual([ONE, TWO]);
    expect(await call(aStage(), ['dead'], '+15550100')).toEqual([ONE, TWO]);
  });

  test('that DNS does not know are an attempt that failed, and the next trunk is called', async () => {
    const nothing = async () => ({ records: [], ttlSeconds: 60 });
    const all = aStage({ ...dns, srv: nothing, addresses: nothing });
    expect(await call(all, [])).toEqual([OTHER]);
    const failed = all.s.event('call.attempt-failed');
    expect(failed).toMatchObject({ reason: 'target-unavailable', sipStatus: 503, tryingNext: true });
    expect(failed).not.toHaveProperty('server');
  });
});

describe('a server', () => {
  test.each(['dead', 'silence'] as const)(
    'that was found %s comes last, until one call tries it again',
    async (how) => {
      const all = aStage();
      expect(await call(all, [how])).toEqual([ONE, TWO]);
      expect(await call(all, [])).toEqual([TWO]);
      expect(await call(all, ['dead', 'dead'])).toEqual([TWO, OTHER, ONE]);
      all.s.clock.pass(6_000);
      const trial = all.s.invite(new FakeInvite({ to: '+12125550123' }));
      await all.s.settled();
      expect(all.s.attempts.at(-1)?.request.nextHop).toBe(ONE);
      expect((await call(all, []))[0]).not.toBe(ONE);
      trial.cancels();
      await all.s.settled();
      expect(await call(all, [486])).toEqual([ONE]);
      expect(await call(all, [486])).toEqual([ONE]);
    },
  );

  test('that asked for a pause is left out until it is over, also where nothing else is left', async () => {
    const all = aStage();
    expect(await call(all, [{ retryAfter: 20 }, { retryAfter: 100_000 }, { retryAfter: 20 }])).toHaveLength(
      3,
    );
    expect(await call(all, [])).toEqual([]);
    expect(all.s.events.at(-1)).toMatchObject({
      type: 'call.ended',
      reason: 'target-unavailable',
      sipStatus: 503,
    });
    all.s.clock.pass(20_000);
    expect(await call(all, [500, 500])).toEqual([ONE, OTHER]);
    all.s.clock.pass(300_000);
    expect(await call(all, [500, 500])).toContain(TWO);
  });

  test('that refuses one call too many while it takes others keeps all of them coming', async () => {
    const all = aStage();
    expect(await call(all, [486])).toEqual([ONE]);
    expect(await call(all, [{ retryAfter: 60 }, 486])).toEqual([ONE, TWO]);
    expect(await call(all, [503, 486])).toEqual([ONE, TWO]);
    expect(await call(all, [486])).toEqual([ONE]);
  });

  test('that refuses call after call is known to be out', async () => {
    const all = aStage();
    for (let refused = 0; refused < 3; refused += 1) expect(await call(all, [503, 486])).toEqual([ONE, TWO]);
    expect(await call(all, [486])).toEqual([TWO]);
    const [named] = all.desk().status();
    expect(named).toMatchObject({
      trunk: 'named',
      up: true,
      servers: [
        { server: '203.0.113.1:5070;transport=udp', up: true, lastStatus: 200, standing: 'down' },
        { server: '203.0.113.2:5070;transport=udp', up: true, lastStatus: 200, standing: 'up' },
      ],
    });
    expect(all.desk().gauges()).toContainEqual({ trunk: 'named', calls: 0, servers: 2, serversUp: 1 });
  });

  test('that answers neither the INVITE nor OPTIONS, though it did before, is given up after four seconds', async () => {
    const { s, answers, desk } = aStage();
    await s.settled();
    answers.options = undefined;
    s.invite(new FakeInvite({ to: '+12125550123' }));
    await s.settled();
    s.clock.pass(4_000);
    await s.settled();
    expect(s.attempts.map(({ request }) => request.nextHop)).toEqual([ONE, TWO]);
    expect(s.attempt(0).cancelled).toBe(true);
    expect(s.event('call.attempt-failed')).toMatchObject({ sipStatus: 408, reason: 'target-timeout' });
    expect(desk().status()[0]?.servers).toMatchObject([{ standing: 'down' }, { standing: 'up' }]);
  });

  test.each([
    ['answers OPTIONS', 200, false],
    ['rings', undefined, true],
  ] as const)('that %s may take its time', async (_, status, rings) => {
    const { s, answers } = aStage();
    await s.settled();
    answers.options = status;
    s.invite(new FakeInvite({ to: '+12125550123' }));
    await s.settled();
    if (rings) s.attempt(0).rings();
    s.clock.pass(4_000);
    await s.settled();
    expect(s.attempts).toHaveLength(1);
  });

  test('that never answered OPTIONS is not asked by them', async () => {
    const all = aStage();
    all.answers.options = undefined;
    await all.s.settled();
    all.s.invite(new FakeInvite({ to: '+15550100' }));
    await all.s.settled();
    all.s.clock.pass(4_000);
    await all.s.settled();
    expect(all.s.attempts).toHaveLength(1);
  });

  test('is not blamed for a caller who gave up', async () => {
    const all = aStage();
    expect(await call(all, [])).toEqual([ONE]);
    expect(await call(all, [])).toEqual([ONE]);
  });
});

test('metrics are told of every final response and of the first ringing', async () => {
  const { s } = aStage();
  const alice = s.invite(new FakeInvite({ to: '+12125550123' }));
  await s.settled();
  s.clock.pass(250);
  s.attempt(0).fails(503);
  await s.settled();
  s.clock.pass(1_500);
  s.attempt(1).rings();
  s.attempt(1).rings();
  s.clock.pass(3_000);
  s.attempt(1).answers();
  await s.settled();
  expect(alice.told).toContain('200');
  expect(s.steps).toEqual([
    { kind: 'final', trunk: 'named', direction: 'out', sipStatus: 503, seconds: 0.25 },
    { kind: 'rang', trunk: 'named', direction: 'out', seconds: 1.5 },
    { kind: 'final', trunk: 'named', direction: 'out', sipStatus: 200, seconds: 4.5 },
    { kind: 'final', trunk: 'agents', direction: 'in', sipStatus: 200, seconds: 4.75 },
  ]);
});
