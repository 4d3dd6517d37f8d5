import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { RoutingConfig } from '../../../contracts/config.ts';
import type { TrunklineEvent } from '../../../contracts/events.ts';
import type { RouteTarget } from '../../../contracts/route-decision.ts';
import type { Dns } from '../../../edge-node/ports.ts';
import { openTrunkDesk } from '../../../edge-node/signaling/trunks/trunk-desk.ts';
import { countTrunks } from '../../../edge-node/signaling/trunks/trunk-limits.ts';
import { heldClock } from '../held-clock.ts';

const target = (id: string, uri: string, trunk?: string) => ({
  ...{ id, uri, priority: 1, weight: 1 },
  ...(trunk === undefined ? {} : { trunk }),
});

const configOf = (endpoints: readonly object[]) =>
  RoutingConfig.parse({
    version: 1,
    trunks: {
      carrier: { endpoints, probe: { everySeconds: 5, timeoutSeconds: 2, down: 2, of: 3, up: 2 } },
    },
    numbers: {},
    agents: {},
  });

/** For trunks whose endpoints are addresses. */
const noDns: Dns = {
  naptr: () => Promise.reject(new Error('DNS was asked')),
  srv: () => Promise.reject(new Error('DNS was asked')),
  addresses: () => Promise.reject(new Error('DNS was asked')),
  [Symbol.asyncDispose]: async () => {},
};

const one = { host: '203.0.113.7', port: 5060 };
const two = { host: '2001:db8::7', port: 5061, transport: 'tls' };

function aDesk(endpoints: readonly object[] = [one, two]) {
  const clock = heldClock();
  const asked: string[] = [];
  const said: { type: string; payload: unknown }[] = [];
  const answers = new Map<string, number | undefined>();
  const current = { version: 1, config: configOf(endpoints) };
  const desk = openTrunkDesk({
    clock,
    logger: pino({ level: 'silent' }),
    snapshot: { current: () => current },
    narrator: { say: (type: TrunklineEvent['type'], payload: unknown) => void said.push({ type, payload }) },
    dns: noDns,
    bindings: { live: () => [], byPass: () => undefined },
    elsewhere: { of: async () => [] },
    contacts: () => ['udp/203.0.113.1:5060', 'tls/[2001:db8::1]:5061'],
    options: async (uri) => {
      asked.push(uri);
      const status = answers.has(uri) ? answers.get(uri) : 200;
      return status === undefined ? undefined : { status, detail: `${status} as it was told` };
    },
  });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return {
    desk,
    async order(targets: readonly RouteTarget[]) {
      const ids: string[] = [];
      for await (const { target } of desk.attempts(targets, 'a call')) ids.push(target.id);
      return ids;
    },
    asked,
    said,
    answers,
    use(others: readonly object[]) {
      current.config = configOf(others);
    },
    async pass(ms: number) {
      await turn();
      for (let left = ms; left > 0; left -= 250) {
        clock.pass(Math.min(250, left));
        await turn();
      }
    },
    pending: clock.pending,
  };
}

const [first, second] = ['sip:ping@203.0.113.7:5060', 'sip:ping@[2001:db8::7]:5061;transport=tls'];

describe('endpoints of a trunk', () => {
  test('are asked at once and then in their period', async () => {
    const { asked, pass } = aDesk();
    await pass(0);
    expect(asked).toEqual([first, second]);
    await pass(4_750);
    expect(asked).toHaveLength(2);
    await pass(500);
    expect(asked).toHaveLength(4);
  });

  test('that fall silent are told once, are tried last, and come back', async () => {
    const { desk, order, answers, said, pass } = aDesk();
    const targets = [
      target('carrier-1', 'sip:+1555@203.0.113.7:5060', 'carrier'),
      target('carrier-2', 'sip:+1555@[2001:db8::7]:5061;transport=tls', 'carrier'),
    ];
    answers.set(first, undefined);
    await pass(10_500);
    expect(said).toEqual([
      {
        type: 'trunk.down',
        payload: {
          trunk: 'carrier',
          endpoint: '203.0.113.7:5060;transport=udp',
          detail: 'OPTIONS: no answer within 2 s; 2 of the last 3 failed',
        },
      },
    ]);
    expect(await order(targets)).toEqual(['carrier-2', 'carrier-1']);
    expect(desk.status()).toMatchObject([
      { up: false, lastStatus: null },
      { up: true, lastStatus: 200 },
    ]);

    answers.delete(first);
    await pass(10_500);
    expect(said.map(({ type }) => type)).toEqual(['trunk.down', 'trunk.up']);
    expect(await order(targets)).toEqual(['carrier-1', 'carrier-2']);
  });

  test('are there while they answer anything but 408 and 503', async () => {
    const { answers, said, pass } = aDesk();
    answers.set(first, 405);
    answers.set(second, 503);
    await pass(11_000);
    expect(said).toMatchObject([
      { type: 'trunk.down', payload: { endpoint: '2001:db8::7:5061;transport=tls' } },
    ]);
  });

  test('all of which are silent are all tried, in their order', async () => {
    const { order, answers, pass } = aDesk();
    answers.set(first, undefined).set(second, undefined);
    await pass(11_000);
    const targets = [
      target('carrier-1', 'sip:1@203.0.113.7:5060', 'carrier'),
      target('agent-1', 'sip:a@192.0.2.1'),
    ];
    expect(await order(targets)).toEqual(['agent-1', 'carrier-1']);
    expect(await order(targets.slice(0, 1))).toEqual(['carrier-1']);
  });

  test('come and go with the configuration; nothing is asked after the end', async () => {
    const { desk, asked, use, pass, pending } = aDesk([one]);
    use([two]);
    await pass(250);
    expect(desk.status()).toMatchObject([{ endpoint: '2001:db8::7:5061;transport=tls' }]);
    expect(asked).toEqual([first, second]);
    desk[Symbol.dispose]();
    expect(pending()).toBe(0);
  });
});

describe('limits of a trunk', () => {
  test('count calls until they are given back, once each', () => {
    const counters = countTrunks(heldClock());
    const release = counters.take('carrier', { calls: 1 });
    expect(counters.take('carrier', { calls: 1 })).toBeUndefined();
    expect(counters.take('other', { calls: 1 })).toBeDefined();
    release?.();
    release?.();
    expect(counters.calls('carrier')).toBe(0);
    expect(counters.take('carrier', { calls: 1 })).toBeDefined();
  });

  test('bound the calls of one second, and what was refused does not count', () => {
    const clock = heldClock();
    const counters = countTrunks(clock);
    const take = () => counters.take('carrier', { callsPerSecond: 2 }) !== undefined;
    expect([take(), take(), take(), take()]).toEqual([true, true, false, false]);
    clock.pass(1_000);
    expect(take()).toBe(true);
    expect(counters.calls('carrier')).toBe(3);
  });

  test('none are no limits', () => {
    const counters = countTrunks(heldClock());
    for (let call = 0; call < 500; call += 1) expect(counters.take('carrier', {})).toBeDefined();
  });
});
