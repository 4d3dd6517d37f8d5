import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../contracts/config.ts';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { type Carrier, startCarrier } from '../../local/phone/carrier.ts';
import { type Platform, startPlatform, storyOf } from './platform.ts';

const probe = { everySeconds: 1, timeoutSeconds: 1, down: 2, of: 3, up: 2 };
const US = '+12125550123';

let platform: Platform;
let one: Carrier;
let two: Carrier;

const trunkTo = (port: number, limits: object = {}) => ({
  endpoints: [{ host: '127.0.0.1', port }],
  ...{ probe, limits, finalStatuses: [404] },
});

const config = (ports: readonly [number, number], limits: object = {}): RoutingConfigInput => ({
  version: 1,
  trunks: {
    agents: { sources: ['127.0.0.0/8'], limits: { calls: 3 } },
    one: trunkTo(ports[0], { deny: ['+1900'], ...limits }),
    two: trunkTo(ports[1], { deny: ['+1900'] }),
  },
  numbers: {},
  agents: {},
  routes: {
    us: {
      prefix: '+1',
      from: ['agents'],
      trunks: [
        { trunk: 'one', priority: 1 },
        { trunk: 'two', priority: 2 },
      ],
      policy: 'measured',
    },
  },
  policies: { measured: { quality: 'capture', ringSeconds: 5 } },
});

beforeAll(async () => {
  one = await startCarrier(await freePort());
  two = await startCarrier(await freePort());
  platform = await startPlatform({ config: config([one.port, two.port]) });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await one?.[Symbol.asyncDispose]();
  await two?.[Symbol.asyncDispose]();
});
afterEach(() => {
  one.refuses(200);
  two.refuses(200);
});

const trunkStatus = async () => {
  const { host, port } = platform.env.edge.http;
  const { trunks } = (await (await fetch(`http://${host}:${port}/trunks`)).json()) as {
    trunks: { endpoints: object[] }[];
  };
  return trunks.filter(({ endpoints }) => endpoints.length > 0);
};

describe('a call out', () => {
  test('goes over the first trunk, with audio both ways and its number in the request', async () => {
    const audio = tone(700, 1_000);
    const { carrier, record, events } = await platform.place({ to: US, audio, talkMs: 1_500 });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
    expect(one.called).toEqual([US]);
    expect(record).toMatchObject({
      complete: true,
      ended: { reason: 'caller-hangup' },
      routed: { source: 'live', targets: [{ id: 'one-1' }, { id: 'two-1' }] },
    });
    expect(storyOf(events)).toEqual(['call.received', 'call.routed', 'call.answered', 'call.ended']);
  });

  test.each([500, 503, 480])('that the first trunk refuses with %i goes over the second', async (status) => {
    one.refuses(status);
    const before = two.called.length;
    const { carrier, events } = await platform.place({ to: US, talkMs: 300 });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(two.called.length).toBe(before + 1);
    const failed = events.find(({ type }) => type === 'call.attempt-failed');
    expect(failed).toMatchObject({ target: 'one-1', sipStatus: status, tryingNext: true });
  });

  test.each([486, 603, 404])('that the first trunk ends with %i is over', async (status) => {
    one.refuses(status);
    const before = two.called.length;
    const { record } = await platform.place({ to: US, script: { expect: status } });
    expect(record.ended).toMatchObject({ sipStatus: status });
    expect(two.called.length).toBe(before);
  });

  test('to a number that no trunk may call is refused with 403', async () => {
    const { carrier, record } = await platform.place({ to: '+19005550123', script: { expect: 403 } });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(record.ended).toMatchObject({ reason: 'destination-denied', blame: 'policy' });
  });
});

describe('a trunk', () => {
  test('that is full gives way to the next, and the caller whose own trunk is full hears 503', async () => {
    await using full = await startPlatform({ config: config([one.port, two.port], { calls: 1 }) });
    let answered = 0;
    const isThird = () => {
      answered += 1;
      return answered === 3;
    };
    const three = full.next('call.answered', isThird);
    const before = [one.called.length, two.called.length] as const;
    const calls = [1, 2, 3].map(() => full.env.call({ to: US, talkMs: 3_000 }));
    await three;
    expect([one.called.length - before[0], two.called.length - before[1]]).toEqual([1, 2]);
    expect(await full.env.call({ to: US, script: { expect: 503 } })).toMatchObject({ ok: true, errors: '' });
    for (const call of calls) expect(await call).toMatchObject({ ok: true, errors: '' });
    await full.env.settled();
    const failed = full.env.events('call.attempt-failed').map(({ detail }) => detail);
    expect(failed).toMatchObject([{ reason: 'trunk-limit' }, { reason: 'trunk-limit' }]);
    expect(await full.metrics()).toContain('trunkline_invites_refused_total{reason="trunk-limit"} 1');
    expect(await full.env.call({ to: US, talkMs: 100 })).toMatchObject({ ok: true, errors: '' });
    expect(one.called.length - before[0]).toBe(2);
  });

  test('that dies is left alone by new calls once that is known, and used again when it is back', async () => {
    const { port } = one;
    const down = platform.next('trunk.down');
    await one[Symbol.asyncDispose]();
    expect(await down).toMatchObject({ trunk: 'one', endpoint: `127.0.0.1:${port};transport=udp` });
    expect(await trunkStatus()).toMatchObject([
      { trunk: 'one', endpoints: [{ up: false }] },
      { trunk: 'two', endpoints: [{ up: true }] },
    ]);
    const { carrier, events } = await platform.place({ to: US, talkMs: 300 });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(storyOf(events)).not.toContain('call.attempt-failed');

    const up = platform.next('trunk.up');
    one = await startCarrier(port);
    expect(await up).toMatchObject({ trunk: 'one' });
    expect(await trunkStatus()).toMatchObject([
      { endpoints: [{ up: true, lastStatus: 200 }] },
      { endpoints: [{ up: true }] },
    ]);
    expect((await platform.place({ to: US, talkMs: 300 })).carrier).toMatchObject({ ok: true, errors: '' });
    expect(one.called).toEqual([US]);
  });
});
