import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { terminationReasons } from '../../contracts/terminations.ts';
import { terminations } from '../../core/terminations.ts';

const page = readFileSync(new URL('../../docs/teardown.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| ([a-z]+) +\| (\d+) +\| ([^|]+) \| ([^|]+) \|$/gm)].map(
  ([, reason, blame, sip, who, told]) => ({
    reason,
    blame,
    sip: Number(sip),
    who: who?.trim(),
    told: told?.trim(),
  }),
);

test('the page on how calls end has one row for each termination, with its blame and its status', () => {
  expect(rows.map(({ reason, blame, sip }) => ({ reason, blame, sip }))).toEqual(
    terminationReasons.map((reason) => {
      const { blame, sip } = terminations[reason];
      return { reason, blame, sip };
    }),
  );
});

test.each(rows)('the page says who ends a call as $reason, and who is told', ({ who, told }) => {
  expect(who).toMatch(/\w/);
  expect(told).toMatch(/^(a|b|both|nobody): /);
});
