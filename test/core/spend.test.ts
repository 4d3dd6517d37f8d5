import { describe, expect, test } from 'vitest';
import { nothingUsed, perMinute, shareUsed, strainsOf, use } from '../../core/spend.ts';

const rates = [
  { prefix: '+', perMinute: 0.1 },
  { prefix: '+44', perMinute: 1 },
  { prefix: '+4420', perMinute: 2 },
];
const midnight = Date.UTC(2026, 0, 1);

describe('the price of a minute', () => {
  test.each([
    ['+442071838750', 2],
    ['+441134960000', 1],
    ['+12125550123', 0.1],
  ])('to %s is that of the longest prefix', (number, price) => {
    expect(perMinute(number, rates)).toBe(price);
  });

  test('to a number that no rate covers is the dearest, and nothing without rates', () => {
    expect(perMinute('112', rates)).toBe(2);
    expect(perMinute('112', undefined)).toBe(0);
  });
});

describe('what is used', () => {
  test('sums up within its hour and its day, and only there', () => {
    const first = use(nothingUsed, midnight + 3_599_000, 10, 5);
    const next = use(first, midnight + 3_600_000, 1, 2);
    expect(next).toEqual({
      hour: { since: midnight + 3_600_000, minutes: 1, money: 2 },
      day: { since: midnight, minutes: 11, money: 7 },
    });
    expect(use(next, midnight + 86_400_000, 1, 1).day).toMatchObject({ minutes: 1, money: 1 });
  });

  test('strains a cap from its alarm on, and refuses from the cap on', () => {
    const spend = { currency: 'EUR', perHour: 10, alarmAt: 0.5 };
    const at = (money: number) => strainsOf(use(nothingUsed, midnight, 0, money), { spend });
    expect(at(4.99)).toEqual([]);
    expect(at(5)).toMatchObject([{ period: 'hour', unit: 'money', currency: 'EUR', refusing: false }]);
    expect(shareUsed(use(nothingUsed, midnight, 0, 2.5), { spend })).toBe(0.25);
    expect(shareUsed(nothingUsed, {})).toBe(0);
    expect(at(10)).toMatchObject([{ refusing: true, used: 10, cap: 10 }]);
  });

  test('of a cap that is the sum of many parts is the whole of it', () => {
    let usage = nothingUsed;
    for (let part = 0; part < 240; part += 1) usage = use(usage, midnight, 1 / 12, 0);
    expect(strainsOf(usage, { minutes: { perHour: 20, alarmAt: 1 } })).toMatchObject([{ refusing: true }]);
  });
});
