import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../contracts/config.ts';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { type Carrier, startCarrier } from '../../local/phone/carrier.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { NUMBER, type Platform, startPlatform } from './platform.ts';

const ABROAD = '+12125550123';
const FLOOD = 5_000;

let platform: Platform;
let carrier: Carrier;
let port: number;

/** Callers of 127.0.0.1 only; an hour over `out` has so few minutes that one call is enough. */
const config = (): RoutingConfigInput => ({
  version: 1,
  trunks: {
    agents: { sources: ['127.0.0.1/32'] },
    out: {
      endpoints: [{ host: '127.0.0.1', port: carrier.port }],
      limits: { rates: [{ prefix: '+1', perMinute: 60 }], spend: { perDay: 0.1, currency: 'EUR' } },
      headers: { assertedIdentity: 'send', from: { host: 'pbx.example.com' } },
    },
  },
  numbers: { [NUMBER]: { agent: 'echo' } },
  agents: { echo: { targets: [{ uri: `sip:agent@127.0.0.1:${port}` }] } },
  routes: { us: { prefix: '+1212', from: ['agents'], trunks: [{ trunk: 'out' }] } },
  guard: { unknownSources: 'discard' },
});

beforeAll(async () => {
  port = await freePort();
  carrier = await startCarrier(await freePort());
  platform = await startPlatform({ config: config(), edge: 'process' });
});
afterAll(async () => {
  await platform?.[Symbol.asyncDispose]();
  await carrier?.[Symbol.asyncDispose]();
});

/** Many INVITEs from an address of no trunk, as fast as the SIP server takes them. */
async function flood(): Promise<ReadonlySet<string>> {
  const { host, port: sip } = platform.env.sip;
  const socket = createSocket('udp4').bind(0, '127.0.0.9');
  await once(socket, 'listening');
  const here = `127.0.0.9:${socket.address().port}`;
  const statuses = new Set<string>();
  const heard = new Set<string>();
  socket.on('message', (answer) => {
    const text = answer.toString('latin1');
    statuses.add(text.slice(8, 11));
    heard.add(/^Call-ID: *(\S+)/im.exec(text)?.[1] ?? '');
  });
  const send = (id: string) => {
    const lines = [
      `INVITE sip:${NUMBER}@${host}:${sip} SIP/2.0`,
      `Via: SIP/2.0/UDP ${here};rport;branch=z9hG4bK-${id}`,
      `From: <sip:100@${here}>;tag=${id}`,
      `To: <sip:${NUMBER}@${host}>`,
      `Call-ID: ${id}`,
      'CSeq: 1 INVITE',
      `Contact: <sip:100@${here}>`,
      'Max-Forwards: 70',
      'Content-Length: 0',
    ];
    socket.send(`${lines.join('\r\n')}\r\n\r\n`, sip, host);
  };
  for (let sent = 0; sent < FLOOD; sent += 100) {
    const batch = Array.from({ length: 100 }, (_, index) => `flood-${sent + index}`);
    const unheard = () => batch.filter((id) => !heard.has(id));
    // UDP may lose some on a busy machine: what was not heard is sent again, as a phone does.
    await expect
      .poll(() => {
        for (const id of unheard()) send(id);
        return unheard();
      })
      .toEqual([]);
  }
  socket.close();
  return statuses;
}

const discarded = async () =>
  [...(await platform.metrics()).matchAll(/^trunkline_requests_turned_away_total\{.*"INVITE".*\} (\d+)$/gm)]
    .map(([, count]) => Number(count))
    .reduce((sum, count) => sum + count, 0);

test('a flood of strangers becomes no call, and neither the call that is up nor a new one notices', async () => {
  await using agent = await startAgent({ port });
  const { env, next } = platform;
  const answered = next('call.answered');
  const audio = tone(700, 1_000);
  const before = env.call({ to: NUMBER, audio, talkMs: 4_000 });
  await answered;
  const [statuses, during] = await Promise.all([flood(), env.call({ to: NUMBER, audio, talkMs: 1_500 })]);
  for (const report of [await before, during]) {
    expect(report).toMatchObject({ ok: true, errors: '' });
    expect(toneShare(report.rtp.pcm, 700)).toBeGreaterThan(0.9);
  }
  await expect.poll(discarded).toBeGreaterThan(FLOOD * 0.9);
  expect([...statuses]).toEqual(['100']);
  await env.settled();
  expect(env.events('call.received')).toHaveLength(2);
  expect(await env.calls()).toHaveLength(2);
  expect((await agent.report()).received).toBeGreaterThan(60);
});

describe('calls out that have cost as much as they may', () => {
  test('are refused, also by the same edge after it was killed, and the event says so', async () => {
    const { env, next, place } = platform;
    const reached = next('trunk.spend-alarm', ({ refusing }) => refusing);
    const first = await place({ to: ABROAD, talkMs: 1_000 });
    expect(first.carrier).toMatchObject({ ok: true, errors: '' });
    expect(await reached).toMatchObject({
      trunk: 'out',
      period: 'day',
      unit: 'money',
      currency: 'EUR',
      cap: 0.1,
    });
    expect(await env.call({ to: ABROAD, script: { expect: 503 } })).toMatchObject({ ok: true, errors: '' });
    await env.settled();
    expect(env.events('call.ended').at(-1)?.detail).toMatchObject({ reason: 'spend-limit', blame: 'policy' });
    expect(await platform.metrics()).toMatch(/^trunkline_trunk_cap_used_ratio\{trunk="out"\} [1-9]/m);

    await env.edge.kill9();
    await env.restartEdge();
    const ended = next('call.ended');
    expect(await env.call({ to: ABROAD, script: { expect: 503 } })).toMatchObject({ ok: true, errors: '' });
    expect(await ended).toMatchObject({ reason: 'spend-limit' });
    expect(carrier.called).toEqual([ABROAD]);
  });
});
