import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { RoutingConfigInput } from '../../contracts/config.ts';
import type { EventOf } from '../../contracts/events.ts';
import { freePort } from '../../local/free-ports.ts';
import { type AgentOptions, startAgent } from '../../local/phone/phones.ts';
import { callerScenario } from '../../local/phone/scenario.ts';
import { startSipp } from '../../local/phone/sipp.ts';
import { type NameServer, startNameServer } from './dnsmasq.ts';
import { type CallStory, type Platform, startPlatform } from './platform.ts';

/* Carriers that are names: SRV records come from a dnsmasq, the servers behind them are sipps that do as they are told. */

const US = '+12125550123';
/** Once when the platform starts, for sipps answer no OPTIONS. */
const probe = { everySeconds: 3600, timeoutSeconds: 1 };

let dns: NameServer;
let platform: Platform;
/** Ports of the servers of walk.test in the order of their priorities; nobody is there unless a test says so. */
let walk: readonly number[];
let [heavy, light, first, second, third] = [0, 0, 0, 0, 0];

const config = (): RoutingConfigInput => ({
  version: 1,
  trunks: {
    agents: { sources: ['127.0.0.0/8'] },
    walk: { endpoints: [{ host: 'walk.test' }], probe },
    spare: { endpoints: [{ host: 'spare.test' }], probe },
    heavy: { endpoints: [{ host: 'heavy.test' }], probe },
    light: { endpoints: [{ host: '127.0.0.1', port: light }], probe },
    dying: { endpoints: [{ host: 'dying.test' }], probe },
  },
  numbers: {},
  agents: {},
  routes: {
    walked: {
      ...{ prefix: '+1', from: ['agents'], policy: 'brief' },
      trunks: [{ trunk: 'walk' }, { trunk: 'spare', priority: 2 }],
    },
    shared: {
      ...{ prefix: '+44', from: ['agents'] },
      trunks: [
        { trunk: 'heavy', weight: 3 },
        { trunk: 'light', weight: 1 },
      ],
    },
    dying: { prefix: '+49', from: ['agents'], trunks: [{ trunk: 'dying' }] },
  },
  policies: { brief: { ringSeconds: 2 } },
});

beforeAll(async () => {
  walk = [await freePort(), await freePort(), await freePort(), await freePort()];
  [heavy, light] = [await freePort(), await freePort()];
  [first, second, third] = [await freePort(), await freePort(), await freePort()];
  dns = await startNameServer({
    'walk.test': walk.map((port, index) => ({ port, priority: 10 * index, weight: 1 })),
    'spare.test': [{ port: third, priority: 1, weight: 1 }],
    'heavy.test': [{ port: heavy, priority: 1, weight: 1 }],
    'dying.test': [
      { port: first, priority: 1, weight: 1 },
      { port: second, priority: 2, weight: 1 },
    ],
  });
  platform = await startPlatform({ config: config(), edgeSettings: { TRUNKLINE_DNS: dns.address } });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await dns?.[Symbol.asyncDispose]();
});

const carrier = async (options: AgentOptions) => {
  const started = await startAgent(options);
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
};

const attemptsOf = ({ events }: CallStory) =>
  events
    .filter((event): event is EventOf<'call.attempt-failed'> => event.type === 'call.attempt-failed')
    .map(({ server, sipStatus, trunk }) => `${trunk} ${server?.replace(/;.*/, '')} ${sipStatus}`);
const at = (port: number | undefined) => `127.0.0.1:${port}`;

/** So many calls with one sipp, so many a second; resolves with its exit code: 0 when every one was answered. */
async function load(to: string, calls: number, perSecond: number) {
  const scenario = callerScenario({ expect: 200, rtpPort: 26_000, codec: 'PCMU', talkMs: 200 });
  const { host, port } = platform.env.sip;
  const sipp = await startSipp({
    ...{ scenario, target: `${host}:${port}`, service: to, calls },
    flags: ['-r', String(perSecond), '-timeout', '60', '-recv_timeout', '30000'],
  });
  onTestFinished(() => sipp[Symbol.asyncDispose]());
  return sipp;
}

const answeredBy = () =>
  platform.env.events('call.answered').map(({ detail }) => (detail as EventOf<'call.answered'>).target);

describe('the servers of a name', () => {
  test('are walked: a dead port, a 500, a silence, a 503, then the next trunk; what was learned holds for the next call', async () => {
    await carrier({ port: walk[1] ?? 0, refuse: 500 });
    await carrier({ port: walk[2] ?? 0, refuse: 503, refuseHeaders: ['Retry-After: 120'] });
    await carrier({ port: walk[3] ?? 0, silent: true });
    const spare = await carrier({ port: third });
    const story = await platform.place({ to: US, talkMs: 300 });
    expect(story.carrier).toMatchObject({ ok: true, errors: '' });
    const [, failing, pausing, ringing] = walk;
    expect(attemptsOf(story)).toEqual([
      `walk ${at(walk[0])} 503`,
      `walk ${at(failing)} 500`,
      `walk ${at(pausing)} 503`,
      `walk ${at(ringing)} 480`,
    ]);
    expect(story.record.answered).toMatchObject({ target: 'spare-1' });
    expect((await spare.report()).received).toBeGreaterThan(0);

    const next = await platform.place({ to: US, talkMs: 100 });
    expect(next.carrier).toMatchObject({ ok: true, errors: '' });
    // The dead port is called last for five seconds; on a slow machine this call may be the one that tries it again.
    const others = attemptsOf(next).filter((attempt) => !attempt.includes(at(walk[0])));
    expect(others).toEqual([`walk ${at(failing)} 500`, `walk ${at(ringing)} 480`]);
    const text = await platform.metrics();
    expect(text).toContain(
      'trunkline_trunk_responses_total{trunk="walk",direction="out",class="5xx",code="500"} 2',
    );
    expect(text).toContain(
      'trunkline_trunk_responses_total{trunk="agents",direction="in",class="2xx",code="200"} 2',
    );
    expect(text).toContain('trunkline_trunk_attempts_failed_total{trunk="walk",reason="no-answer"} 2');
  });

  test.each([486, 603])('are not walked after a %i', async (status) => {
    await carrier({ port: third, refuse: 500 });
    await carrier({ port: walk[1] ?? 0, refuse: status });
    const story = await platform.place({ to: US, script: { expect: status } });
    expect(story.carrier).toMatchObject({ ok: true, errors: '' });
    expect(attemptsOf(story).at(-1)).toBe(`walk ${at(walk[1])} ${status}`);
    expect(attemptsOf(story).join()).not.toContain('spare');
  });
});

test('calls are shared by the weights of trunks', async () => {
  await carrier({ port: heavy });
  await carrier({ port: light });
  const before = answeredBy().length;
  const sipp = await load('+442079460123', 40, 20);
  expect(await sipp.ended).toBe(0);
  await platform.env.settled();
  const targets = answeredBy().slice(before);
  expect(targets).toHaveLength(40);
  // 30 of 40 are expected; fewer than 17 or more than 39 come once in a hundred thousand runs.
  const share = targets.filter((target) => target === 'heavy-1').length;
  expect(share).toBeGreaterThanOrEqual(17);
  expect(share).toBeLessThanOrEqual(39);
});

test('a carrier that dies under load costs no call: each goes on to the next server, and soon none asks the dead one', async () => {
  const dying = await carrier({ port: first });
  await carrier({ port: second });
  const answered = platform.next('call.answered', ({ target }) => target === 'dying-1');
  const sipp = await load('+4930901820', 60, 10);
  await answered;
  await dying[Symbol.asyncDispose]();
  expect(await sipp.ended).toBe(0);
  await platform.env.settled();
  const failed = platform.env
    .events('call.attempt-failed')
    .map(({ detail }) => detail as EventOf<'call.attempt-failed'>);
  const lost = failed.filter(({ trunk, tryingNext }) => trunk === 'dying' && !tryingNext);
  expect(lost).toEqual([]);
  expect(failed.filter(({ trunk }) => trunk === 'dying').length).toBeLessThan(30);
});
