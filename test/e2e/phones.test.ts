import { describe, expect, test } from 'vitest';
import { likeness, loudness, SAMPLE_RATE, speech, tone, toneShare } from '../../local/phone/audio.ts';
import { placeCall, startAgent } from '../../local/phone/phones.ts';
import { openRtpEndpoint, type RtpEndpoint, type RtpReport } from '../../local/phone/rtp-endpoint.ts';
import { startSipp } from '../../local/phone/sipp.ts';

const host = '127.0.0.1';

/** Asks until it is so: packets leave by the clock. */
async function reported(endpoint: RtpEndpoint, isSo: (report: RtpReport) => boolean): Promise<RtpReport> {
  for (;;) {
    const report = await endpoint.report();
    if (isSo(report)) return report;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('two ends of RTP', () => {
  test.each(['PCMU', 'PCMA'] as const)('hear one another in %s, whole and in order', async (codec) => {
    await using alice = await openRtpEndpoint({ codec });
    await using bob = await openRtpEndpoint({ codec });
    alice.talk({ host, port: bob.port }, tone(440, 1_000));
    bob.talk({ host, port: alice.port }, tone(1_000, 1_000));
    const [atAlice, atBob] = await Promise.all(
      [alice, bob].map((end) => reported(end, ({ received }) => received >= 50)),
    );
    expect(toneShare(atBob?.pcm ?? new Int16Array(), 440)).toBeGreaterThan(0.97);
    expect(toneShare(atAlice?.pcm ?? new Int16Array(), 1_000)).toBeGreaterThan(0.97);
    expect(atBob).toMatchObject({ lossPercent: 0, digits: '', keysLeft: 0 });
    expect(atBob?.pcm).toHaveLength((atBob?.received ?? 0) * 160);
    // 20 ms packets of one thread to another on one machine; a whole packet of jitter is a fault of ours.
    expect(atBob?.jitterMs).toBeLessThan(20);
  });

  test('send nothing more once they are hushed', async () => {
    await using alice = await openRtpEndpoint();
    await using bob = await openRtpEndpoint();
    alice.talk({ host, port: bob.port }, tone(440, 100));
    await reported(bob, ({ received }) => received >= 5);
    alice.hush();
    const { sent } = await alice.report();
    await reported(bob, ({ received }) => received === sent);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await alice.report()).toMatchObject({ sent });
  });

  test('hear every key once, equal ones in a row too, and no audio meanwhile', async () => {
    await using alice = await openRtpEndpoint();
    await using bob = await openRtpEndpoint();
    const keys = '11*#0D';
    alice.talk({ host, port: bob.port }, tone(440, 1_000));
    alice.press(keys);
    // Eight frames of a key and three ends, of which the first already makes the key; the rest is audio.
    const packetsOfKeys = ({ received, pcm }: RtpReport) => received - pcm.length / 160;
    const report = await reported(bob, (heard) => packetsOfKeys(heard) >= keys.length * 11);
    expect(report.digits).toBe(keys);
    expect(packetsOfKeys(report)).toBe(keys.length * 11);
    expect(await alice.report()).toMatchObject({ keysLeft: 0 });
  });

  test('an echo sends back what it hears, keys as well', async () => {
    await using alice = await openRtpEndpoint();
    await using echo = await openRtpEndpoint({ echo: true });
    alice.talk({ host, port: echo.port }, tone(600, 1_000));
    alice.press('7');
    const report = await reported(alice, ({ digits, received }) => digits === '7' && received >= 40);
    expect(toneShare(report.pcm, 600)).toBeGreaterThan(0.97);
  });
});

describe('a carrier that calls an agent directly', () => {
  test('says a sentence, presses keys and hears both come back', async () => {
    const sentence = await speech('Good morning, how can I help you today?');
    await using agent = await startAgent({ calls: 1 });
    const call = await placeCall({
      to: 'agent',
      via: { host, port: agent.port },
      audio: sentence,
      digits: '15#',
      talkMs: 4_000,
    });
    expect(call.errors).toBe('');
    expect(call.ok).toBe(true);
    expect(call.rtp).toMatchObject({ digits: '15#', keysLeft: 0, lossPercent: 0 });
    expect(likeness(sentence, call.rtp.pcm)).toBeGreaterThan(0.8);
    expect((await agent.report()).digits).toBe('15#');
    expect(await agent.ended).toBe(0);
  });

  test.each([
    ['over TCP', { transport: 'tcp' }, {}],
    ['in PCMA', { codec: 'PCMA' }, { codec: 'PCMA' }],
    ['with early media', {}, { earlyMedia: true }],
    ['with a late offer', { script: { lateOffer: true } }, {}],
    ['after a reliable 183', { script: { reliable: true } }, { earlyMedia: 'reliable', rings: false }],
  ] as const)('is heard %s', async (_how, call, options) => {
    const transport = 'transport' in call ? { transport: call.transport } : {};
    await using agent = await startAgent({ calls: 1, ...transport, ...options });
    const via = { host, port: agent.port };
    const report = await placeCall({ to: 'agent', via, audio: tone(800, 1_000), talkMs: 800, ...call });
    expect(report.errors).toBe('');
    expect(toneShare(report.rtp.pcm, 800)).toBeGreaterThan(0.95);
    expect(await agent.ended).toBe(0);
  });

  test('talks until the agent hangs up', async () => {
    await using agent = await startAgent({ calls: 1, hangUpAfterMs: 500 });
    const via = { host, port: agent.port };
    const report = await placeCall({ to: 'agent', via, audio: tone(440, 500), talkMs: 'until hung up' });
    expect(report.errors).toBe('');
    expect(report.rtp.received).toBeGreaterThan(10);
  });

  test('is refused, as it expected or not', async () => {
    await using agent = await startAgent({ calls: 2, refuse: 486 });
    const via = { host, port: agent.port };
    expect(await placeCall({ to: 'agent', via, script: { expect: 486 } })).toMatchObject({
      ok: true,
      errors: '',
    });
    const surprised = await placeCall({ to: 'agent', via });
    expect(surprised.ok).toBe(false);
    expect(surprised.errors).toContain('486');
    expect(surprised.rtp.received).toBe(0);
  });

  test('gives up while it rings', async () => {
    await using agent = await startAgent({ calls: 1, silent: true });
    const via = { host, port: agent.port };
    const report = await placeCall({ to: 'agent', via, script: { cancel: 'when it rings', expect: 487 } });
    expect(report.errors).toBe('');
    expect(report.ok).toBe(true);
  });
});

describe('sipp', () => {
  test('that ends without a note says why to the one who waits for it', async () => {
    await using sipp = await startSipp({ scenario: '<scenario name="none"><nonsense/></scenario>' });
    await expect(sipp.noted('ANSWERED')).rejects.toThrow('sipp ended without "ANSWERED"');
    expect(await sipp.ended).not.toBe(0);
  });
});

test('a sentence is speech at the bandwidth of a telephone', async () => {
  const [one, other] = await Promise.all([
    speech('All our agents are busy.'),
    speech('The quick brown fox jumps over it.'),
  ]);
  for (const said of [one, other]) {
    expect(said.length / SAMPLE_RATE).toBeGreaterThan(1);
    expect(loudness(said)).toBeGreaterThan(0.02);
  }
  expect(likeness(one, one)).toBeCloseTo(1, 5);
  expect(likeness(one, other)).toBeLessThan(0.8);
});
