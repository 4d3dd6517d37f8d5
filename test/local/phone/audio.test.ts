import alawmulaw from 'alawmulaw';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { likeness, loudness, SAMPLE_RATE, tone, toneShare } from '../../../local/phone/audio.ts';

const { mulaw } = alawmulaw;
const overTelephone = (samples: Int16Array) => Int16Array.from(mulaw.decode(mulaw.encode(samples)));
const silence = (ms: number) => new Int16Array((SAMPLE_RATE * ms) / 1_000);
const mix = (one: Int16Array, other: Int16Array) => one.map((sample, at) => sample + (other[at] ?? 0));
const joined = (...parts: Int16Array[]) => Int16Array.from(parts.flatMap((part) => [...part]));

/** Syllables of pseudo-random length and loudness, the same for the same seed. */
function babble(seed: number, syllables = 30): Int16Array {
  let state = seed;
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  return joined(
    ...Array.from({ length: syllables }, () => [
      tone(300 + 500 * next(), 40 + 160 * next(), 0.1 + 0.4 * next()),
      silence(Math.round(8 + 10 * next()) * 10),
    ]).flat(),
  );
}

describe('a tone', () => {
  test('is as long and as loud as asked for', () => {
    const samples = tone(440, 250, 0.5);
    expect(samples).toHaveLength(2_000);
    expect(loudness(samples)).toBeCloseTo(0.5 / Math.SQRT2, 3);
  });

  test('has all its energy at its own pitch, over the telephone too', () => {
    fc.assert(
      fc.property(fc.integer({ min: 300, max: 3_400 }), fc.integer({ min: 300, max: 3_400 }), (hz, other) => {
        const heard = overTelephone(tone(hz, 500));
        expect(toneShare(heard, hz)).toBeGreaterThan(0.97);
        if (Math.abs(hz - other) > 20) expect(toneShare(heard, other)).toBeLessThan(0.05);
      }),
    );
  });

  test('beside another of the same loudness is half of what is heard', () => {
    const both = mix(tone(440, 500, 0.3), tone(1_000, 500, 0.3));
    expect(toneShare(both, 440)).toBeCloseTo(0.5, 2);
    expect(toneShare(both, 1_000)).toBeCloseTo(0.5, 2);
    expect(toneShare(both, 700)).toBeLessThan(0.01);
  });

  test('is not in silence, nor in nothing', () => {
    expect(toneShare(silence(100), 440)).toBe(0);
    expect(toneShare(silence(0), 440)).toBe(0);
    expect(loudness(silence(0))).toBe(0);
  });
});

describe('likeness', () => {
  const said = babble(1);

  test.each([
    ['itself', said],
    ['itself over the telephone', overTelephone(said)],
    ['itself, later', joined(silence(740), said)],
    ['itself, more quietly', said.map((sample) => sample / 4)],
  ])('is almost 1 for %s', (_what, heard) => expect(likeness(said, heard)).toBeGreaterThan(0.95));

  test('stays high where some packets were lost', () => {
    const lossy = said.slice();
    for (let packet = 0; packet * 160 < lossy.length; packet += 25)
      lossy.fill(0, packet * 160, (packet + 1) * 160);
    expect(likeness(said, lossy)).toBeGreaterThan(0.85);
  });

  test.each([
    ['something else', babble(2)],
    ['a steady tone', tone(440, 4_000)],
    ['silence', silence(4_000)],
    ['a snippet too short to tell', said.subarray(0, 800)],
  ])('is low for %s', (_what, heard) => expect(likeness(said, heard)).toBeLessThan(0.6));
});
