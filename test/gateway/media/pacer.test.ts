import { describe, expect, test } from 'vitest';
import { Pacer } from '../../../gateway/media/pacer.ts';
import type { MonotonicClock } from '../../../gateway/ports.ts';
import { heldClock } from '../../edge-node/held-clock.ts';

/** A clock whose timers fire late by as much as is said. */
function lateClock() {
  const held = heldClock();
  const state = { late: 0 };
  const clock: MonotonicClock = {
    now: () => held.monotonic(),
    after: (ms, then) => held.after(ms + state.late, then),
  };
  return { held, clock, state };
}

describe('the schedule of a thread', () => {
  test('does not drift, however late its timers are', () => {
    const { held, clock, state } = lateClock();
    const pacer = new Pacer(clock);
    const due: number[] = [];
    pacer.add((at) => due.push(at));
    state.late = 7;
    held.pass(60_000);
    expect(due.length).toBeGreaterThanOrEqual(2_999);
    for (const [index, at] of due.entries()) expect(at - (due[0] ?? 0)).toBeCloseTo(index * 20, 6);
  });

  test('catches up with a few frames after a pause of the process, and leaves out the rest', () => {
    const { held, clock, state } = lateClock();
    const pacer = new Pacer(clock);
    let beats = 0;
    pacer.add(() => {
      beats += 1;
    });
    held.pass(100);
    const before = beats;
    state.late = 2_000;
    held.pass(3);
    state.late = 0;
    held.pass(2_000);
    expect(beats - before).toBeLessThanOrEqual(8);
    held.pass(200);
    expect(beats - before).toBeGreaterThanOrEqual(14);
  });

  test('shares its calls out over a frame, so that they are not all sent at once', () => {
    const { held, clock } = lateClock();
    const pacer = new Pacer(clock);
    const moments = new Map<number, number>();
    for (let call = 0; call < 200; call += 1) pacer.add((at) => moments.set(at, (moments.get(at) ?? 0) + 1));
    held.pass(20);
    expect([...moments.values()].every((calls) => calls <= 20)).toBe(true);
  });

  test('ends with its last call', () => {
    const { held, clock } = lateClock();
    const pacer = new Pacer(clock);
    const ends = [pacer.add(() => {}), pacer.add(() => {})];
    held.pass(100);
    for (const end of ends) end();
    expect(held.pending()).toBe(0);
  });
});
