import { expect, test } from 'vitest';
import { Flood } from '../../gateway/flood.ts';

function aFlood() {
  let now = 0;
  const flood = new Flood({ now: () => now, after: () => () => {} });
  const pass = (ms: number) => {
    now += ms;
  };
  return { flood, pass };
}

test('a socket is read no further in a second in which it has sent more than it may, and then again', () => {
  const { flood, pass } = aFlood();
  flood.waitMs(10);
  pass(300);
  for (let message = 2; message <= 1_000; message += 1) expect(flood.waitMs(10)).toBe(0);
  expect(flood.waitMs(10)).toBe(700);
  // What was read already comes all the same.
  expect(flood.waitMs(10)).toBe(0);
  pass(700);
  expect(flood.waitMs(10)).toBe(0);
});

test('bytes count as well as messages: 43 s of audio a second', () => {
  const { flood } = aFlood();
  expect(flood.waitMs(2 * 1024 * 1024)).toBe(0);
  expect(flood.waitMs(2)).toBe(1_000);
});
