import { describe, expect, test } from 'vitest';
import { createBackOff } from '../../../../edge-node/signaling/auth/back-off.ts';
import { createNonces } from '../../../../edge-node/signaling/auth/nonces.ts';
import { heldClock } from '../../held-clock.ts';

describe('a nonce', () => {
  test('is good for the source that got it, for its lifetime', () => {
    const clock = heldClock();
    const nonces = createNonces({ clock, lifetimeMs: 60_000 });
    const nonce = nonces.issue('192.0.2.1');
    expect(nonce).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(nonces.isGood(nonce, '192.0.2.1')).toBe(true);
    expect(nonces.isGood(nonce, '192.0.2.2')).toBe(false);
    clock.pass(59_999);
    expect(nonces.isGood(nonce, '192.0.2.1')).toBe(true);
    clock.pass(1);
    expect(nonces.isGood(nonce, '192.0.2.1')).toBe(false);
  });

  test('of another edge, one of our own that was changed, and none at all are not good', () => {
    const clock = heldClock();
    const nonces = createNonces({ clock });
    const nonce = nonces.issue('a');
    const other = createNonces({ clock }).issue('a');
    const changed = `${nonce.startsWith('A') ? 'B' : 'A'}${nonce.slice(1)}`;
    for (const bad of [other, changed, `${nonce}=`, nonce.slice(1), '', 'x'.repeat(43)])
      expect(nonces.isGood(bad, 'a')).toBe(false);
  });

  test('takes each count once, also where calls overtake each other, but none from long before', () => {
    const nonces = createNonces({ clock: heldClock() });
    const nonce = nonces.issue('a');
    const taken = [1, 1, 3, 2, 2, 3, 40, 39, 9, 8, 40, 100, 69, 68, 99].map((count) =>
      nonces.use(nonce, count),
    );
    expect(taken).toEqual([1, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 1].map(Boolean));
  });

  test('that had to be forgotten is not good a second time, nor is any as old', () => {
    const clock = heldClock();
    const nonces = createNonces({ clock, most: 2 });
    const [first, unused] = [nonces.issue('a'), nonces.issue('a')];
    expect(nonces.use(first, 1)).toBe(true);
    clock.pass(10);
    for (let more = 0; more < 2; more += 1) nonces.use(nonces.issue('a'), 1);
    expect(nonces.use(first, 1)).toBe(false);
    expect(nonces.use(unused, 1)).toBe(false);
    expect(nonces.use(nonces.issue('a'), 1)).toBe(true);
  });
});

describe('a source that fails', () => {
  test('is held off from the fifth failure on, twice as long each time, for five minutes at most', () => {
    const clock = heldClock();
    const backOff = createBackOff({ clock });
    const holds: number[] = [];
    for (let failures = 0; failures < 16; failures += 1) {
      backOff.failed('a');
      let held = 0;
      while (backOff.heldOff('a')) {
        clock.pass(1_000);
        held += 1;
      }
      holds.push(held);
    }
    expect(holds).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    expect(backOff.heldOff('b')).toBe(false);
  });

  test('is forgiven when it succeeds, and after ten minutes', () => {
    const clock = heldClock();
    const backOff = createBackOff({ clock });
    const fails = (times: number) => {
      for (let each = 0; each < times; each += 1) backOff.failed('a');
    };
    fails(4);
    backOff.succeeded('a');
    fails(4);
    expect(backOff.heldOff('a')).toBe(false);
    clock.pass(600_000);
    fails(4);
    expect(backOff.heldOff('a')).toBe(false);
  });

  test('is one of so many at most: the one that failed longest ago is forgotten', () => {
    const backOff = createBackOff({ clock: heldClock(), most: 2 });
    for (const source of ['a', 'b', 'a', 'c']) for (let each = 0; each < 5; each += 1) backOff.failed(source);
    expect(['a', 'b', 'c'].map(backOff.heldOff)).toEqual([true, false, true]);
  });
});
