import { expect, test } from 'vitest';
import { createAdmission } from '../../../edge-node/signaling/admission.ts';
import { heldClock } from '../held-clock.ts';

const limits = { maxCalls: 10, maxCallsPerSecond: 2 };

const anAdmission = ({ ready = (): boolean => true, pressed = (): boolean => false } = {}) => {
  const clock = heldClock();
  return { clock, admission: createAdmission(limits, { ready, pressed }, clock) };
};

test('an edge with room takes a call, and says so as often as it is asked', () => {
  const { admission } = anAdmission();
  for (let asked = 0; asked < 5; asked += 1) expect(admission.wouldRefuse(9)).toBeUndefined();
  expect(admission.refuse(9)).toBeUndefined();
});

test('an edge that is full says so to whoever asks, and to the call that comes all the same', () => {
  const { admission } = anAdmission();
  expect(admission.wouldRefuse(10)).toBe('edge-overloaded');
  expect(admission.refuse(10)).toBe('edge-overloaded');
});

test('after the calls of one second it is full until the next second begins', () => {
  const { admission, clock } = anAdmission();
  clock.pass(1_000);
  expect([admission.refuse(0), admission.refuse(1)]).toEqual([undefined, undefined]);
  expect([admission.wouldRefuse(2), admission.refuse(2)]).toEqual(['edge-overloaded', 'edge-overloaded']);
  clock.pass(1_000);
  expect([admission.wouldRefuse(2), admission.refuse(2)]).toEqual([undefined, undefined]);
});

test('an edge that drains takes none', () => {
  const { admission } = anAdmission();
  admission.drain();
  expect([admission.wouldRefuse(0), admission.refuse(0)]).toEqual(['edge-draining', 'edge-draining']);
});

test('an edge that lacks what a call needs takes none, until it is there', () => {
  let isReady = false;
  const { admission } = anAdmission({ ready: () => isReady });
  expect([admission.wouldRefuse(0), admission.refuse(0)]).toEqual(['edge-not-ready', 'edge-not-ready']);
  isReady = true;
  expect([admission.wouldRefuse(0), admission.refuse(0)]).toEqual([undefined, undefined]);
});

test('an edge that is behind with its work takes none, until it has caught up', () => {
  let isPressed = true;
  const { admission } = anAdmission({ pressed: () => isPressed });
  expect([admission.wouldRefuse(0), admission.refuse(0)]).toEqual(['edge-overloaded', 'edge-overloaded']);
  isPressed = false;
  expect([admission.wouldRefuse(0), admission.refuse(0)]).toEqual([undefined, undefined]);
});
