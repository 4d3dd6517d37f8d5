import { describe, expect, test } from 'vitest';
import { freePort } from '../../local/free-ports.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { startAgent } from '../../local/phone/phones.ts';
import { NUMBER, routeTo, startPlatform } from './platform.ts';

const audio = tone(700, 1_000);

/** Room for what rtpengine drops while it learns the addresses. */
const aFew = 5;

describe('a codec policy', () => {
  test.each([
    ['PCMA', 'PCMU'],
    ['PCMU', 'PCMA'],
  ] as const)('converts %s of the carrier to %s of the agent, and digits go through', async (from, to) => {
    const port = await freePort();
    const policy = { codecs: { keep: [to], transcode: [from] } };
    await using platform = await startPlatform({ config: routeTo([`sip:agent@127.0.0.1:${port}`], policy) });
    await using agent = await startAgent({ port, codec: to, calls: 1 });
    const call = { to: NUMBER, codec: from, audio, digits: '4*', talkMs: 2_500 };
    const { carrier, record } = await platform.place(call);
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(record).toMatchObject({ complete: true, ended: { reason: 'caller-hangup' } });

    const there = await agent.report();
    expect(toneShare(there.pcm, 700)).toBeGreaterThan(0.9);
    expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.9);
    expect(Math.abs(there.received - carrier.rtp.sent)).toBeLessThanOrEqual(aFew);
    expect(Math.abs(carrier.rtp.received - there.sent)).toBeLessThanOrEqual(aFew);
    expect([there.digits, carrier.rtp.digits]).toEqual(['4*', '4*']);
    expect(record.ended?.media).toMatchObject({ a: { codec: from }, b: { codec: to } });
    expect(await agent.ended).toBe(0);
  });

  test.each(['G722', 'G729', 'opus'] as const)(
    'converts PCMU of the carrier to %s of the agent and back: what the agent sends back is what was said',
    async (codec) => {
      const port = await freePort();
      const policy = { codecs: { keep: [codec], transcode: ['PCMU' as const] } };
      await using platform = await startPlatform({
        config: routeTo([`sip:agent@127.0.0.1:${port}`], policy),
      });
      await using agent = await startAgent({ port, codec, calls: 1 });
      const { carrier, record } = await platform.place({ to: NUMBER, audio, talkMs: 2_500 });
      expect(carrier).toMatchObject({ ok: true, errors: '' });
      expect(record.ended?.media).toMatchObject({ a: { codec: 'PCMU' }, b: { codec } });
      expect(carrier.rtp.received).toBeGreaterThan(90);
      expect(toneShare(carrier.rtp.pcm, 700)).toBeGreaterThan(0.8);
      expect(await agent.ended).toBe(0);
    },
  );

  test('that neither keeps nor converts what the carrier has refuses the call', async () => {
    const policy = { codecs: { keep: ['PCMA' as const], transcode: [] } };
    await using platform = await startPlatform({ config: routeTo(['sip:agent@127.0.0.1:9'], policy) });
    const { carrier, record } = await platform.place({ to: NUMBER, codec: 'PCMU', script: { expect: 488 } });
    expect(carrier).toMatchObject({ ok: true, errors: '' });
    expect(record).toMatchObject({ complete: true, ended: { reason: 'no-common-codec', sipStatus: 488 } });
  });
});
