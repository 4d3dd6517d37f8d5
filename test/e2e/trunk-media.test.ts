import { describe, expect, test } from 'vitest';
import type { RoutingConfigInput } from '../../contracts/config.ts';
import { freePort } from '../../local/free-ports.ts';
import { tone } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { NUMBER, routeTo, startPlatform } from './platform.ts';

/** Room for what rtpengine drops while it learns the addresses. */
const aFew = 8;

const withTrunk = (
  port: number,
  trunk: Partial<RoutingConfigInput['trunks'][string]>,
): RoutingConfigInput => ({
  ...routeTo([`sip:agent@127.0.0.1:${port}`]),
  trunks: { carrier: { sources: ['127.0.0.0/8'], ...trunk } },
});

test('a trunk with a ptime of 40 ms gets half as many packets as the agent sends', async () => {
  const port = await freePort();
  await using platform = await startPlatform({ config: withTrunk(port, { ptime: 40 }) });
  await using agent = await startAgent({ port, calls: 1 });
  const { carrier } = await platform.place({ to: NUMBER, audio: tone(700, 1_000), talkMs: 2_500 });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  const there = await agent.report();
  expect(there.sent).toBeGreaterThan(40);
  expect(Math.abs(carrier.rtp.received - there.sent / 2)).toBeLessThanOrEqual(aFew);
});

test('a carrier that sends 20 ms where 40 ms were agreed on is told of, and an agent that does as agreed is not', async () => {
  const port = await freePort();
  const trunk = { ptime: 40, silence: { oneWaySeconds: 2 } };
  await using platform = await startPlatform({ config: withTrunk(port, trunk) });
  await using _ = await startAgent({ port, calls: 1 });
  const { carrier, events } = await platform.place({ to: NUMBER, audio: tone(700, 1_000), talkMs: 6_000 });
  expect(carrier).toMatchObject({ ok: true, errors: '' });
  expect(events.filter(({ type }) => type === 'media.contract-broken')).toMatchObject([
    { leg: 'a', promise: 'ptime', agreed: '40 ms', found: '20 ms' },
  ]);
});

describe('a trunk with dtmf: info', () => {
  test('sends INFO and the agent hears RFC 4733; what the agent presses comes as INFO', async () => {
    const port = await freePort();
    await using platform = await startPlatform({ config: withTrunk(port, { dtmf: 'info' }) });
    await using agent = await startAgent({ port, calls: 1 });
    const { carrier, events } = await platform.place({
      to: NUMBER,
      audio: tone(700, 1_000),
      talkMs: 2_500,
      script: { info: ['5', '#'] },
    });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect((await agent.report()).digits).toBe('5#');
    // The agent's echo is RFC 4733; the carrier waited for each as INFO, and had none of its packets.
    expect(carrier.rtp.digits).toBe('');
    const digits = events.filter(({ type }) => type === 'dtmf.received');
    expect(digits).toMatchObject([
      { digit: '5', leg: 'a', mode: 'info' },
      { digit: '5', leg: 'b', mode: 'rfc4733' },
      { digit: '#', leg: 'a', mode: 'info' },
      { digit: '#', leg: 'b', mode: 'rfc4733' },
    ]);
    expect(events.filter(({ type }) => type === 'dtmf.delivered')).toHaveLength(4);
  });
});
