import { describe, expect, test } from 'vitest';
import { Blame, terminationReasons } from '../../contracts/terminations.ts';
import { reasonForResponse, terminations } from '../../core/terminations.ts';

describe('the termination table', () => {
  test('has exactly one row for every reason of the contract', () => {
    expect(Object.keys(terminations)).toEqual([...terminationReasons]);
  });

  test.each(terminationReasons)('%s: one who must act, a status and one sentence', (reason) => {
    const { blame, sip, meaning } = terminations[reason];
    expect(Blame.safeParse(blame).success).toBe(true);
    expect(sip === 200 || (sip >= 400 && sip <= 699)).toBe(true);
    expect(meaning).toMatch(/^[A-Zr][^.]*\.$/);
  });

  test('another target is tried after a failure of the target or a full trunk, never after a choice of the callee', () => {
    const tried = terminationReasons.filter((reason) => terminations[reason].nextTarget);
    expect(tried).toEqual([
      'no-answer',
      'target-timeout',
      'target-unavailable',
      'target-error',
      'target-bad-media',
      'target-refused-credentials',
      'trunk-limit',
      'spend-limit',
    ]);
  });
});

describe("a target's final failure", () => {
  test.each([
    [302, 'callee-rejected', false],
    [403, 'callee-rejected', false],
    [404, 'callee-rejected', false],
    [408, 'target-timeout', true],
    [415, 'target-bad-media', true],
    [480, 'no-answer', true],
    [486, 'callee-busy', false],
    [488, 'target-bad-media', true],
    [500, 'target-error', true],
    [503, 'target-unavailable', true],
    [504, 'target-timeout', true],
    [600, 'callee-busy', false],
    [603, 'callee-declined', false],
    [604, 'callee-rejected', false],
    [606, 'target-bad-media', true],
    [607, 'callee-declined', false],
    [699, 'callee-rejected', false],
  ] as const)('%i means %s; another target is tried: %s', (status, reason, nextTarget) => {
    expect(reasonForResponse(status)).toBe(reason);
    expect(terminations[reason].nextTarget).toBe(nextTarget);
  });

  test('every status that a target can send has a reason', () => {
    for (let status = 300; status <= 699; status += 1) {
      expect(terminationReasons).toContain(reasonForResponse(status));
    }
  });
});
