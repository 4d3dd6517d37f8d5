import { expect, test } from 'vitest';
import { Reader } from '../../gateway/reader.ts';

test('a socket may hold back one second of audio, whatever the rate', () => {
  for (const bytesPerSecond of [16_000, 48_000]) {
    const reader = new Reader(bytesPerSecond);
    expect(reader.isReading({ bufferedAmount: bytesPerSecond - 1 })).toBe(true);
    expect(reader.isReading({ bufferedAmount: bytesPerSecond })).toBe(false);
  }
});

test('an agent is gone once it has read nothing for ten seconds, and not before', () => {
  const reader = new Reader(16_000);
  const full = { bufferedAmount: 20_000 };
  expect([reader.isStuck(full, 0), reader.isStuck(full, 9_999)]).toEqual([false, false]);
  expect(reader.isStuck({ bufferedAmount: 0 }, 10_000)).toBe(false);
  expect([reader.isStuck(full, 11_000), reader.isStuck(full, 21_000)]).toEqual([false, true]);
});
