import { describe, expect, test } from 'vitest';
import { mosOf, mosOfR } from '../../core/mos.ts';

describe('from R to MOS', () => {
  // ITU-T G.107 Annex B; its table prints 4.03 for R 80, where its formula gives 4.024. 93.2 is R at all default values.
  test.each([
    [93.2, 4.41],
    [90, 4.34],
    [80, 4.02],
    [70, 3.6],
    [60, 3.1],
    [50, 2.58],
    [100, 4.5],
    [120, 4.5],
    [0, 1],
    [-20, 1],
    [3, 1],
  ])('R %d is MOS %d', (r, mos) => {
    expect(mosOfR(r)).toBe(mos);
  });
});

describe('the quality that one side hears', () => {
  const clean = { lossPercent: 0, jitterMs: 0 };

  test.each([
    ['PCMU', 4.41],
    ['PCMA', 4.41],
    ['G722', 4.41],
    ['opus', 4.41],
    ['G729', 4.1],
  ])('%s with nothing lost is MOS %d', (codec, mos) => {
    expect(mosOf({ ...clean, codec })).toBe(mos);
  });

  // Ie,eff of G.107 §7.4 by hand: 95 x 5 / (5 + 25.1) = 15.78, so R = 77.42; G.729A 11 + 84 x 5 / 24 = 28.5, so R = 64.7.
  test.each([
    ['PCMU', 5, 3.92],
    ['G729', 5, 3.34],
    ['PCMU', 100, 1.2],
  ])('%s with %d %% lost is MOS %d', (codec, lossPercent, mos) => {
    expect(mosOf({ ...clean, codec, lossPercent })).toBeCloseTo(mos, 1);
  });

  test('delay hurts little up to 177 ms and much above', () => {
    const at = (delayMs: number) => mosOf({ ...clean, codec: 'PCMU', delayMs }) ?? 0;
    expect(at(0) - at(150)).toBeLessThan(0.1);
    expect(at(150) - at(400)).toBeGreaterThan(0.5);
  });

  test('jitter counts as the delay of the buffer that it needs', () => {
    const codec = 'PCMU';
    expect(mosOf({ ...clean, codec, jitterMs: 100 })).toBe(mosOf({ ...clean, codec, delayMs: 200 }));
  });

  test('more loss is never better, and MOS stays between 1 and 4.5', () => {
    let before = 4.5;
    for (let lossPercent = 0; lossPercent <= 100; lossPercent += 1) {
      const mos = mosOf({ lossPercent, jitterMs: 500, codec: 'G729' }) ?? 0;
      expect(mos).toBeLessThanOrEqual(before);
      expect(mos).toBeGreaterThanOrEqual(1);
      before = mos;
    }
  });

  test.each(['', 'speex', 'constructor'])('"%s" has no published values: null, never a default', (codec) => {
    expect(mosOf({ ...clean, codec })).toBeNull();
  });
});
