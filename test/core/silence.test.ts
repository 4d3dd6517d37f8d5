import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Silence } from '../../contracts/config/silence.ts';
import { type Heard, lookForSilence, nextLook, startOfSilence } from '../../core/silence.ts';

const usual = Silence.parse({});
const limits = { a: usual, b: usual };
const from = (packets: number, lastAt?: number, held = false): Heard => ({ packets, lastAt, held });

/** Looks at these moments, s, and gives what was found at each. */
function looks(steps: readonly (readonly [atSeconds: number, a: Heard, b: Heard])[], within = limits) {
  let silence = startOfSilence(0);
  return steps.map(([seconds, a, b]) => {
    const after = lookForSilence(silence, { a, b }, seconds * 1000, within);
    silence = after.silence;
    return after.found;
  });
}

describe('silence', () => {
  test('is none while packets come, whatever the clock of rtpengine says', () => {
    const found = looks([1, 11, 21, 31, 41].map((at) => [at, from(at * 50, 1), from(at * 50, 9e12)]));
    expect(found.flat()).toEqual([]);
  });

  test('of one side is one-way audio after 10 s and ends the call after 30 s, each said once', () => {
    const silent = from(500, 9_900);
    const found = looks([
      [10, silent, from(500)],
      [19, silent, from(950)],
      [20, silent, from(1_000)],
      [25, silent, from(1_250)],
      [40, silent, from(2_000)],
      [41, silent, from(2_050)],
    ]);
    expect(found).toEqual([
      [],
      [],
      [{ what: 'one-way', leg: 'a', silentMs: 10_100 }],
      [],
      [{ what: 'timeout', leg: 'a', silentMs: 30_100, action: 'hangup' }],
      [],
    ]);
  });

  test('of both sides is no one-way audio, and one timeout', () => {
    const silent = from(500);
    const found = looks([
      [10, silent, silent],
      [21, silent, silent],
      [40, silent, silent],
    ]);
    expect(found).toEqual([[], [], [{ what: 'timeout', leg: 'both', silentMs: 30_000, action: 'hangup' }]]);
  });

  test('of a side that was never heard counts from the answer', () => {
    expect(looks([[30, from(0), from(1_500)]])).toEqual([
      [{ what: 'timeout', leg: 'a', silentMs: 30_000, action: 'hangup' }],
    ]);
  });

  test('ends when the side is heard again, and may then begin anew', () => {
    const found = looks([
      [10, from(500), from(500)],
      [20, from(500), from(1_000)],
      [25, from(501, 24_000), from(1_250)],
      [35, from(501), from(1_750)],
    ]);
    expect(found).toEqual([
      [],
      [{ what: 'one-way', leg: 'a', silentMs: 10_000 }],
      [{ what: 'resumed', leg: 'a', silentMs: 14_000 }],
      [{ what: 'one-way', leg: 'a', silentMs: 11_000 }],
    ]);
  });

  test('of a side on hold is as it should be; after the hold it counts from there', () => {
    const found = looks([
      [10, from(500, undefined, true), from(500)],
      [50, from(500, undefined, true), from(2_500)],
      [79, from(500), from(3_950)],
      [80, from(500), from(4_000)],
    ]);
    expect(found).toEqual([
      [],
      [],
      [{ what: 'one-way', leg: 'a', silentMs: 29_000 }],
      [{ what: 'timeout', leg: 'a', silentMs: 30_000, action: 'hangup' }],
    ]);
  });

  test('is judged by the limits of each side', () => {
    const slow = { ...usual, seconds: 60, action: 'report', oneWaySeconds: 20 } as const;
    const steps = [
      [30, from(0), from(0)],
      [60, from(0), from(0)],
    ] as const;
    expect(looks(steps, { a: slow, b: usual })).toEqual([
      [{ what: 'timeout', leg: 'b', silentMs: 30_000, action: 'hangup' }],
      [{ what: 'timeout', leg: 'a', silentMs: 60_000, action: 'report' }],
    ]);
  });

  const phases = fc.array(
    fc.tuple(fc.integer({ min: 20, max: 60_000 }), fc.integer({ min: 20, max: 60_000 })),
    {
      minLength: 1,
      maxLength: 8,
    },
  );

  test('of 30 s is found within a second and a half of its end, and no shorter one is taken for it', () => {
    fc.assert(
      fc.property(phases, (phases) => {
        const { foundAt, due } = findTimeout(phases, 0);
        expect(foundAt - due).toBeGreaterThanOrEqual(0);
        expect(foundAt - due).toBeLessThanOrEqual(1_500);
      }),
      { numRuns: 200 },
    );
  });

  test('is found at most ten seconds later, and never before, where the clock of rtpengine is an hour wrong', () => {
    fc.assert(
      fc.property(phases, fc.constantFrom(-3_600_000, 3_600_000), (phases, skewMs) => {
        const { foundAt, due } = findTimeout(phases, skewMs);
        expect(foundAt - due).toBeGreaterThanOrEqual(0);
        expect(foundAt - due).toBeLessThanOrEqual(10_000);
      }),
      { numRuns: 200 },
    );
  });
});

function findTimeout(phases: readonly (readonly [number, number])[], skewMs: number) {
  const { packetsAt, lastAt, firstLong } = talk(phases);
  let silence = startOfSilence(0);
  for (;;) {
    const now = nextLook(silence, limits);
    if (now > 2_000_000) throw new Error('the silence at the end was never found');
    const a = from(packetsAt(now), Math.floor(lastAt(now) / 1000) * 1000 + 1_500 + skewMs);
    const after = lookForSilence(silence, { a, b: from(now) }, now, limits);
    silence = after.silence;
    if (after.found.some(({ what }) => what === 'timeout')) return { foundAt: now, due: firstLong + 30_000 };
  }
}

/** One side that sends a packet every 20 ms while it talks, and none after its last phase. */
function talk(phases: readonly (readonly [talkMs: number, silentMs: number])[]) {
  const sent: number[] = [];
  let at = 0;
  let firstLong: number | undefined;
  for (const [talkMs, silentMs] of phases) {
    for (let packet = at; packet < at + talkMs; packet += 20) sent.push(packet);
    // What is neither clearly shorter than 30 s nor clearly longer may go either way.
    at += talkMs + (silentMs > 25_000 && silentMs < 45_000 ? 25_000 : silentMs);
    const last = sent.at(-1) ?? 0;
    if (at - last >= 45_000) firstLong ??= last;
  }
  const before = (now: number) => sent.filter((packet) => packet <= now);
  return {
    packetsAt: (now: number) => before(now).length,
    lastAt: (now: number) => before(now).at(-1) ?? 0,
    firstLong: firstLong ?? sent.at(-1) ?? 0,
  };
}
