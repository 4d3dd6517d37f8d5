import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../gateway/media/clock.ts';
import { type MediaOptions, openMedia } from '../../../gateway/media/open-media.ts';
import { Pacer } from '../../../gateway/media/pacer.ts';
import { lendResampler, resamplersReady } from '../../../gateway/media/resampler.ts';
import type { AudioFormat, MediaListener, MediaSession } from '../../../gateway/ports.ts';
import { loudness, tone, toneShare } from '../../../local/phone/audio.ts';
import { anRtpPeer } from './an-rtp-peer.ts';

let peer: Awaited<ReturnType<typeof anRtpPeer>>;
let media: MediaSession | undefined;
const frames: Uint8Array[] = [];
const said: string[] = [];
let changed = () => {};

async function open(
  format: AudioFormat,
  more: Partial<MediaOptions> = {},
  own: Partial<MediaListener> = {},
): Promise<number> {
  const tell = (what: string) => {
    said.push(what);
    changed();
  };
  media = await openMedia({
    offer: peer.offer(),
    format,
    listener: {
      audio(frame) {
        frames.push(Buffer.from(frame));
        changed();
      },
      digit: (key) => tell(`digit ${key}`),
      mark: (name, played) => tell(`mark ${name} ${played}`),
      speech: (change) => tell(`speech ${change}`),
      silence: (change) => tell(`silence ${change}`),
      failed: (error) => tell(`failed ${error instanceof Error ? error.message : error}`),
      ...own,
    },
    ...{ address: '127.0.0.1', ports: { min: 0, max: 0 }, clock: systemClock, pacer: new Pacer(systemClock) },
    ...{ maxQueueMs: 10_000, silenceMs: 5_000 },
    ...more,
  });
  return Number(/m=audio (\d+) /.exec(media.answer)?.[1]);
}

const until = (isEnough: () => boolean) =>
  new Promise<void>((resolve) => {
    changed = () => {
      if (isEnough()) resolve();
    };
    changed();
  });

const samplesOf = (bytes: Uint8Array) => new Int16Array(Uint8Array.from(bytes).buffer);

/** A tone at any rate. */
const toneAt = (rate: number, ms: number) =>
  Int16Array.from(
    { length: (rate * ms) / 1_000 },
    (_, n) => 16_383 * Math.sin((2 * Math.PI * 1_000 * n) / rate),
  );

beforeEach(async () => {
  peer = await anRtpPeer();
  frames.length = 0;
  said.length = 0;
});
afterEach(async () => {
  await media?.[Symbol.asyncDispose]();
  media = undefined;
  await peer[Symbol.asyncDispose]();
});

describe.each([8_000, 16_000, 24_000] as const)('a tone of 1 kHz at %i Hz', (rate) => {
  const format: AudioFormat = { encoding: 'pcm16le', rate };

  test('from the caller reaches the agent at the same level and without a gap', async () => {
    const port = await open(format);
    const spoken = tone(1_000, 1_000);
    for (let at = 0; at < spoken.length; at += 160) peer.speak(spoken.subarray(at, at + 160), port);
    await until(() => frames.length >= 50);
    expect(frames.map((frame) => frame.length)).toEqual(frames.map(() => rate / 25));
    const heard = samplesOf(Buffer.concat(frames.slice(0, 50)));
    // What the resampler's filter holds back at the start is no part of the tone.
    const settled = heard.subarray(rate / 50);
    expect(toneShare(settled, 1_000, rate)).toBeGreaterThan(0.99);
    expect(20 * Math.log10(loudness(settled) / loudness(spoken))).toBeCloseTo(0, 0);
    for (let at = 0; at + rate / 50 <= settled.length; at += rate / 50)
      expect(loudness(settled.subarray(at, at + rate / 50))).toBeGreaterThan(0.3);
  });

  test('from the agent reaches the caller, whatever its pieces were', async () => {
    await open(format);
    const spoken = toneAt(rate, 1_000);
    const bytes = new Uint8Array(spoken.buffer);
    for (let at = 0; at < bytes.length; at += 1_234)
      expect(media?.play(bytes.subarray(at, at + 1_234))).toBe('queued');
    media?.mark('end');
    await until(() => said.includes('mark end true'));
    await peer.until(() => peer.heard.length >= 50);
    const heard = peer.audio();
    const from = heard.findIndex((sample) => Math.abs(sample) > 1_000);
    const settled = heard.subarray(from + 160, from + 7_700);
    expect(toneShare(settled, 1_000)).toBeGreaterThan(0.99);
    expect(20 * Math.log10(loudness(settled) / loudness(spoken))).toBeCloseTo(0, 0);
    for (let at = 0; at + 160 <= settled.length; at += 160)
      expect(loudness(settled.subarray(at, at + 160))).toBeGreaterThan(0.3);
  });
});

describe('a call', () => {
  const format: AudioFormat = { encoding: 'mulaw', rate: 8_000 };

  test('sends a packet every 20 ms from the first moment, numbered without a gap, silence where there is nothing to say', async () => {
    await open(format);
    await peer.until(() => peer.heard.length >= 20);
    const [first] = peer.heard;
    if (!first) throw new Error('nothing was heard');
    expect(first.marker).toBe(true);
    for (const [index, packet] of peer.heard.slice(0, 20).entries()) {
      expect(packet).toMatchObject({ payloadType: 0, ssrc: first.ssrc, marker: index === 0 });
      expect(packet.sequence).toBe((first.sequence + index) & 0xffff);
      expect(packet.timestamp).toBe((first.timestamp + index * 160) >>> 0);
    }
    expect(loudness(peer.audio())).toBeLessThan(0.001);
  });

  test('is silent with the very next packet once it is cleared', async () => {
    await open(format);
    media?.play(new Uint8Array(8_000).fill(0x10));
    media?.mark('never reached');
    const loud = () => peer.heard.filter(({ payload }) => payload[0] === 0x10).length;
    await peer.until(() => loud() >= 5);
    media?.clear();
    const before = peer.heard.length;
    expect(said).toEqual(['mark never reached false']);
    await peer.until(() => peer.heard.length >= before + 5);
    // One may have been on its way.
    expect(peer.heard.slice(before + 1).filter(({ payload }) => payload[0] === 0x10)).toEqual([]);
  });

  test('tells keys of the caller once each, and sends keys of the agent', async () => {
    const port = await open(format);
    for (const event of [1, 1, 11]) peer.press(event, port);
    await until(() => said.length >= 3);
    expect(said).toEqual(['digit 1', 'digit 1', 'digit #']);
    media?.sendDigits('42', 100);
    const ends = () =>
      peer.heard.filter(({ payloadType, payload }) => payloadType === 101 && (payload[1] ?? 0) > 127);
    await peer.until(() => ends().length >= 6);
    expect(ends().map(({ payload }) => payload[0])).toEqual([4, 4, 4, 2, 2, 2]);
    expect(new Set(ends().map(({ timestamp }) => timestamp)).size).toBe(2);
    expect(media?.stats()).toMatchObject({ digitsReceived: 3, digitsSent: 2 });
  });

  test('hears nobody but the one it was offered', async () => {
    const port = await open(format);
    await using stranger = await anRtpPeer();
    stranger.speak(tone(440, 20), port);
    stranger.press(5, port);
    peer.press(6, port);
    await until(() => said.length >= 1);
    expect(said).toEqual(['digit 6']);
    expect(frames).toEqual([]);
    await expect.poll(() => media?.stats().packetsOfStrangers).toBe(6);
  });

  test('goes on where the caller is heard again, and says how long he was not', async () => {
    const port = await open(format, { silenceMs: 100 });
    await until(() => said.includes('silence started'));
    peer.speak(tone(440, 20), port);
    await until(() => said.includes('silence resumed'));
    expect(said).toEqual(['silence started', 'silence resumed']);
  });

  test('on hold sends nothing, and what the agent says then waits until the caller listens again', async () => {
    await open(format);
    await peer.until(() => peer.heard.length >= 3);
    expect(media?.reoffer(peer.offer('a=sendonly\r\n'))).toContain('a=recvonly');
    const sent = media?.stats().framesSent ?? 0;
    media?.play(new Uint8Array(800).fill(0xff));
    media?.play(new Uint8Array(800).fill(0x10));
    media?.mark('behind it');
    media?.sendDigits('7', 40);
    const port = Number(/m=audio (\d+) /.exec(media?.answer ?? '')?.[1]);
    for (let frame = 0; frame < 5; frame += 1) peer.speak(tone(440, 20), port);
    await until(() => frames.length >= 10);
    expect(said.filter((what) => what.startsWith('mark'))).toEqual([]);
    expect(media?.stats()).toMatchObject({ framesSent: sent, queuedMs: 100, digitsSent: 0 });
    expect(media?.reoffer(peer.offer())).toContain('a=sendrecv');
    await until(() => said.includes('mark behind it true'));
    await peer.until(() => peer.heard.some(({ payloadType }) => payloadType === 101));
    expect(peer.heard.filter(({ payload }) => payload[0] === 0x10)).toHaveLength(5);
  });

  test('whose caller takes no telephone-event refuses keys, and counts those that had to be dropped', async () => {
    const without = peer.offer().replace(/a=rtpmap:101.*\r\n/, '');
    await open(format, { offer: without });
    expect(media?.sendDigits('1', 40)).toBe('no-telephone-event');
    media?.reoffer(peer.offer());
    expect(media?.sendDigits('23', 40)).toBe('queued');
    media?.reoffer(without);
    media?.mark('behind the keys');
    await until(() => said.includes('mark behind the keys true'));
    expect(media?.stats()).toMatchObject({ digitsSent: 0, digitsNotSent: 2 });
    expect(peer.heard.some(({ payloadType }) => payloadType === 101)).toBe(false);
  });

  test('takes half a minute of audio in one message at once: each frame is resampled when it is sent', async () => {
    await open({ encoding: 'pcm16le', rate: 24_000 }, { maxQueueMs: 60_000 });
    const long = new Uint8Array(24_000 * 2 * 40);
    let began = performance.now();
    media?.play(long);
    const taken = performance.now() - began;
    const resampler = lendResampler(24_000, 8_000);
    began = performance.now();
    for (let frame = 0; frame < 2_000; frame += 1) resampler.process(new Int16Array(480));
    expect(taken).toBeLessThan((performance.now() - began) / 5);
    resampler.release();
  });

  test('in which something goes wrong ends alone: others of its thread go on', async () => {
    const pacer = new Pacer(systemClock);
    await open(
      format,
      { pacer },
      {
        mark: () => {
          throw new Error('a bug');
        },
      },
    );
    await using failing = media;
    await open(format, { pacer });
    failing?.mark('one');
    media?.mark('another');
    await until(() => said.includes('mark another true') && said.includes('failed a bug'));
    media?.mark('and on');
    await until(() => said.includes('mark and on true'));
    expect(said.filter((what) => what.startsWith('failed'))).toHaveLength(1);
  });

  test('takes bytes of any kind, and goes on', async () => {
    const port = await open(format);
    const socket = (await import('node:dgram')).createSocket('udp4');
    await new Promise<void>((sent) => socket.send(Buffer.from('INVITE'), port, '127.0.0.1', () => sent()));
    socket.close();
    peer.speak(new Int16Array(0), port);
    peer.speak(tone(440, 20), port);
    await until(() => frames.length >= 1);
    expect(media?.stats()).toMatchObject({ packetsLost: 0 });
  });

  test('whose agent sends more than may wait is told so, and keeps what it has', async () => {
    await open(format, { maxQueueMs: 1_000 });
    expect(media?.play(new Uint8Array(7_900))).toBe('queued');
    expect(media?.play(new Uint8Array(7_900))).toBe('full');
  });
});

test('a resampler that is lent again holds nothing of the call before', async () => {
  await resamplersReady;
  const former = lendResampler(24_000, 8_000);
  former.process(toneAt(24_000, 200));
  former.release();
  const next = lendResampler(24_000, 8_000);
  const heard = next.process(new Int16Array(2_400));
  next.release();
  expect(heard.every((sample) => sample === 0)).toBe(true);
});
