import { expect, test } from 'vitest';
import { Ulid } from '../../contracts/envelope.ts';
import { systemClock } from '../../edge-node/clock.ts';

test('ids are ULIDs that differ and sort in the order in which they were made', () => {
  const ids = Array.from({ length: 10_000 }, () => systemClock.newId());
  expect(ids.filter((id) => !Ulid.safeParse(id).success)).toEqual([]);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.toSorted()).toEqual(ids);
});

test('a timer that is cancelled does not run', async () => {
  const ran: string[] = [];
  systemClock.after(0, () => ran.push('cancelled'))();
  await new Promise<void>((resolve) => systemClock.after(1, resolve));
  expect(ran).toEqual([]);
});
