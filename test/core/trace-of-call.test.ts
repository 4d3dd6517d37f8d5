import fc from 'fast-check';
import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { traceOfCall } from '../../core/trace-of-call.ts';

const callId = '01KG9YS7G0XP7CFC7J2SPVFN2P';

test('a call has one trace, whose first half is the second in which its id was made', () => {
  const trace = traceOfCall(callId, 1);
  expect(trace).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Sampled=1$/);
  expect(traceOfCall(callId, 1)).toBe(trace);
  const made = Date.parse('2026-01-31T12:00:07.123Z');
  const [, seconds = ''] = traceOfCall(ulid(made), 1).split('-');
  expect(Number.parseInt(seconds, 16)).toBe(Math.floor(made / 1000));
});

test('no two calls share a trace', () => {
  fc.assert(
    fc.property(fc.ulid(), fc.ulid(), (one, other) => {
      expect(traceOfCall(one, 0) === traceOfCall(other, 0)).toBe(one === other);
    }),
  );
});

test('the share of the calls that was asked for is sampled', () => {
  const sampled = (share: number) =>
    Array.from({ length: 2_000 }, () => traceOfCall(ulid(), share)).filter((trace) =>
      /Sampled=1/.test(trace),
    );
  expect(sampled(0)).toHaveLength(0);
  expect(sampled(1)).toHaveLength(2_000);
  const some = sampled(0.25).length;
  expect(some).toBeGreaterThan(380);
  expect(some).toBeLessThan(620);
});
