import fc from 'fast-check';
import pDefer from 'p-defer';
import { describe, expect, test } from 'vitest';
import { CommandLine, GAP_MS } from '../../../edge-node/commands/command-line.ts';
import { heldClock } from '../held-clock.ts';

const turns = async () => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A line whose commands note their number when they begin. */
function aLine() {
  const clock = heldClock();
  const line = new CommandLine(clock);
  const begun: number[] = [];
  const come = (sequence: number, { endsCall = false, done = Promise.resolve() } = {}) =>
    line.take({
      sequence,
      endsCall,
      work: () => {
        begun.push(sequence);
        return done;
      },
    });
  return { clock, line, begun, come };
}

describe('the commands of one call', () => {
  test('in whatever order and however often they come, each begins once and in its order', async () => {
    const shuffled = fc.integer({ min: 1, max: 12 }).chain((most) =>
      fc.shuffledSubarray(
        Array.from({ length: 3 * most }, (_, index) => (index % most) + 1),
        {
          minLength: 3 * most,
        },
      ),
    );
    await fc.assert(
      fc.asyncProperty(shuffled, async (arrivals) => {
        const { begun, come, clock } = aLine();
        await Promise.all(arrivals.map((sequence) => come(sequence)));
        expect(begun).toEqual(Array.from({ length: Math.max(...arrivals) }, (_, index) => index + 1));
        expect(clock.pending()).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  test('with gaps, late ones and pauses, none begins before a lower one, none twice, and each is answered', async () => {
    const arrival = fc.record({
      sequence: fc.integer({ min: 1, max: 15 }),
      afterMs: fc.integer({ min: 0, max: 2_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { minLength: 1, maxLength: 25 }), async (arrivals) => {
        const { begun, come, clock } = aLine();
        const answers: Promise<boolean>[] = [];
        for (const { sequence, afterMs } of arrivals) {
          clock.pass(afterMs);
          answers.push(come(sequence));
        }
        clock.pass(GAP_MS * 16);
        const applied = (await Promise.all(answers)).filter(Boolean);
        expect(begun).toEqual([...new Set(begun)].sort((one, other) => one - other));
        expect(applied).toHaveLength(begun.length);
        expect(clock.pending()).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test('one that is missing holds the later ones up for a second and a half, and is then too late', async () => {
    const { begun, come, clock } = aLine();
    const later = [come(3), come(2)];
    clock.pass(GAP_MS - 1);
    await turns();
    expect(begun).toEqual([]);
    clock.pass(1);
    expect(await Promise.all(later)).toEqual([true, true]);
    expect(begun).toEqual([2, 3]);
    expect(await come(1)).toBe(false);
  });

  test('one that comes within that time is still the first', async () => {
    const { begun, come, clock } = aLine();
    const later = come(2);
    clock.pass(GAP_MS - 1);
    await Promise.all([come(1), later]);
    expect(begun).toEqual([1, 2]);
  });

  test('the next one begins when the one before is done, but the end of the call waits for nobody', async () => {
    const work = pDefer<void>();
    const { begun, come } = aLine();
    const first = come(1, { done: work.promise });
    const second = come(2);
    await turns();
    expect(begun).toEqual([1]);
    await come(3, { endsCall: true });
    expect(begun).toEqual([1, 3]);
    work.resolve();
    await Promise.all([first, second]);
    expect(begun).toEqual([1, 3, 2]);
  });
});
