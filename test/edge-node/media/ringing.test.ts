import { expect, test } from 'vitest';
import { ringing } from '../../../edge-node/media/ringing.ts';
import { toneShare } from '../../../local/phone/audio.ts';

const file = Buffer.from(ringing, 'latin1');
const rate = file.readUInt32LE(24);
const samples = Int16Array.from({ length: (file.length - 44) / 2 }, (_, n) => file.readInt16LE(44 + 2 * n));

test('the ringing tone is text to whoever sends it, and fits in one datagram', () => {
  expect(Buffer.from(ringing, 'utf8')).toEqual(file);
  expect(file.length).toBeLessThan(30_000);
});

test('the ringing tone is a second of 425 Hz and four of silence', () => {
  const tone = samples.subarray(0, rate);
  const mean = tone.reduce((sum, sample) => sum + sample, 0) / tone.length;
  expect(
    toneShare(
      tone.map((sample) => sample - mean),
      425,
      rate,
    ),
  ).toBeGreaterThan(0.9);
  expect(samples.length).toBe(5 * rate);
  expect(samples.subarray(rate).every((sample) => sample === 0)).toBe(true);
});
