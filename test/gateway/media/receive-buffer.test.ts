import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FRAME, ReceiveBuffer } from '../../../gateway/media/receive-buffer.ts';

/** Every packet has a value of its own, so that what came out tells which packet it was. */
const frame = (value: number, length = FRAME) => new Int16Array(length).fill(value);

function aBuffer() {
  const heard: Int16Array[] = [];
  const buffer = new ReceiveBuffer((samples) => heard.push(samples));
  const push = (n: number, at = n * 20, more: { ssrc?: number; from?: number; pause?: number } = {}) =>
    buffer.push(
      {
        ssrc: more.ssrc ?? 1,
        sequence: ((more.from ?? 0) + n) & 0xffff,
        timestamp: ((more.from ?? 0) * FRAME + n * FRAME + (more.pause ?? 0) * 8) >>> 0,
        marker: false,
      },
      frame(1_000 + n),
      at,
    );
  return { buffer, push, heard, values: () => heard.map((samples) => samples[0]) };
}

describe('packets', () => {
  test('that come in order are passed on at once', () => {
    const { push, values } = aBuffer();
    for (const [index, expected] of [1_000, 1_001, 1_002].entries()) {
      push(index);
      expect(values().at(-1)).toBe(expected);
    }
  });

  test('may be swapped: nothing is lost, and nothing is heard twice', () => {
    const { buffer, push, values } = aBuffer();
    for (const n of [0, 2, 1, 3, 3, 5, 4]) push(n);
    expect(values()).toEqual([1_000, 1_001, 1_002, 1_003, 1_004, 1_005]);
    expect(buffer.counts).toMatchObject({ reordered: 2, duplicated: 0, late: 1, concealed: 0 });
    expect(buffer.lost).toBe(0);
  });

  test('in any order within the depth come out as they were sent, whatever their first number', () => {
    const shuffled = fc.array(fc.nat({ max: 1 }), { minLength: 4, maxLength: 60 }).map((swaps) => {
      const order = swaps.map((_, index) => index);
      for (let at = 1; at + 1 < order.length; at += 2)
        if (swaps[at]) [order[at], order[at + 1]] = [order[at + 1] ?? 0, order[at] ?? 0];
      return order;
    });
    fc.assert(
      fc.property(shuffled, fc.integer({ min: 0, max: 0xffff }), (order, from) => {
        const { push, values } = aBuffer();
        for (const [index, n] of order.entries()) push(n, index * 20, { from });
        expect(values()).toEqual(order.map((_, index) => 1_000 + index));
      }),
    );
  });

  test('that are lost are replaced by what was heard last, ever softer, then by silence, all in their time', () => {
    const { buffer, push, values } = aBuffer();
    push(0);
    push(6, 120);
    expect(values()).toEqual([1_000, 800, 500, 200, 0, 0, 1_006]);
    expect(buffer.lost).toBe(5);
    expect(buffer.counts.concealed).toBe(3);
  });

  test('are waited for no longer than the depth', () => {
    const { buffer, push, values } = aBuffer();
    push(0, 0);
    push(2, 40);
    buffer.tick(80);
    expect(values()).toEqual([1_000]);
    buffer.tick(100);
    expect(values()).toEqual([1_000, 800, 1_002]);
    push(1, 110);
    expect(values()).toHaveLength(3);
    expect(buffer.counts.late).toBe(1);
  });

  test('that come late in a heap are all heard, after the silence that stood in for them', () => {
    const { buffer, push, values } = aBuffer();
    push(0, 0);
    for (let at = 20; at <= 200; at += 20) buffer.tick(at);
    for (let n = 1; n <= 10; n += 1) push(n, 201);
    expect(values().filter((value) => (value ?? 0) > 1_000)).toEqual(
      Array.from({ length: 10 }, (_, index) => 1_001 + index),
    );
  });

  test('of another source begin anew, and stragglers of the former one are left out', () => {
    const { buffer, push, values } = aBuffer();
    push(0);
    push(900, 20, { ssrc: 2, from: 40_000 });
    push(1, 21);
    push(901, 40, { ssrc: 2, from: 40_000 });
    expect(values()).toEqual([1_000, 1_900, 1_901]);
    expect([buffer.counts.late, buffer.lost]).toEqual([1, 0]);
  });

  test('of a source that comes back are heard again soon, however densely they come', () => {
    const { push, values } = aBuffer();
    push(0);
    push(900, 20, { ssrc: 2, from: 40_000 });
    for (let n = 2; n < 22; n += 1) push(n);
    expect(values().at(-1)).toBe(1_021);
    expect(values().filter((value) => (value ?? 0) > 1_000 && value !== 1_900)).toHaveLength(22 - 11);
  });

  test('whose clock jumps are heard on, without seconds of silence between them', () => {
    const { push, values } = aBuffer();
    push(0);
    push(1, 20, { pause: 3_600_000 });
    expect(values()).toEqual([1_000, 1_001]);
  });

  test('of any size are cut into frames of 20 ms', () => {
    const heard: number[] = [];
    const buffer = new ReceiveBuffer((samples) => heard.push(samples.length));
    const sizes = [80, 80, 240, 1, 319, 160];
    let timestamp = 0;
    for (const [sequence, size] of sizes.entries()) {
      buffer.push({ ssrc: 1, sequence, timestamp, marker: false }, frame(1, size), timestamp / 8);
      timestamp += size;
    }
    expect(heard).toEqual([160, 160, 160, 160, 160]);
  });
});

describe('a pause', () => {
  test('of the sender is as long as he made it: no packet is missing', () => {
    const { buffer, push, heard } = aBuffer();
    push(0);
    push(1, 220, { pause: 200 });
    expect(heard).toHaveLength(2 + 10);
    expect(buffer.lost).toBe(0);
  });

  test('for the packets of a key is none of loss, and what comes behind them is not waited for', () => {
    const { buffer, push, values } = aBuffer();
    push(0, 0);
    for (const sequence of [1, 2, 3]) buffer.passBy({ ssrc: 1, sequence, timestamp: 160, marker: false });
    push(4, 80);
    expect(values().at(-1)).toBe(1_004);
    expect(buffer.lost).toBe(0);
  });

  test('goes on as silence for as long as nothing comes: an agent hears every moment', () => {
    const { buffer, push, heard } = aBuffer();
    push(0, 0);
    for (let at = 20; at <= 1_000; at += 20) buffer.tick(at);
    expect(heard.length).toBeGreaterThanOrEqual(48);
    expect(heard.at(-1)?.every((sample) => sample === 0)).toBe(true);
  });
});

describe('a network', () => {
  /** By packets of 20 ms: half a second of words, and half of pause. */
  const word = (n: number) => frame(n % 50 < 25 ? 5_000 : 0);

  /** Each packet comes when it is due and so much later; undefined: never. Beats go on as in a call. */
  function received(packets: number, delayMs: (n: number) => number | undefined) {
    const passed: { readonly at: number; readonly value: number }[] = [];
    let now = 0;
    const buffer = new ReceiveBuffer((samples) => passed.push({ at: now, value: samples[0] ?? 0 }));
    const events = Array.from({ length: packets }, (_, n) => ({ n, at: n * 20 + (delayMs(n) ?? Number.NaN) }))
      .filter(({ at }) => !Number.isNaN(at))
      .map(({ n, at }) => ({
        at,
        act: () => buffer.push({ ssrc: 1, sequence: n, timestamp: n * FRAME, marker: false }, word(n), at),
      }));
    const beats = Array.from({ length: packets }, (_, beat) => ({
      at: beat * 20 + 7,
      act: () => buffer.tick(beat * 20 + 7),
    }));
    for (const { at, act } of [...events, ...beats].sort((one, other) => one.at - other.at)) {
      now = at;
      act();
    }
    return { buffer, passed };
  }

  test('in which packets overtake each other by far is waited for after the first that came too late', () => {
    const { buffer } = received(500, (n) => (n % 10 === 5 ? 120 : 0));
    expect(buffer.counts.late).toBeLessThanOrEqual(5);
  });

  test('that is quiet is soon waited for no longer than it takes', () => {
    const { passed } = received(3_000, (n) => (n === 2_990 ? undefined : 0));
    const behind = passed.findIndex(({ at }) => at >= 2_990 * 20 + 40);
    expect((passed[behind]?.at ?? 0) - 2_990 * 20).toBeLessThanOrEqual(70);
  });

  test('that stands still again and again makes the stream no longer than its time, and no word is missing', () => {
    const { buffer, passed } = received(3_000, (n) => (n > 100 && n % 500 < 20 ? (20 - (n % 500)) * 20 : 0));
    expect(passed.length).toBeLessThanOrEqual(3_000 + 8);
    expect(passed.filter(({ value }) => value === 5_000).length).toBeGreaterThanOrEqual(1_500);
    expect(buffer.counts.leftOutMs).toBeGreaterThan(500);
  });
});
