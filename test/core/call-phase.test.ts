import { describe, expect, test } from 'vitest';
import { advance, callPhases } from '../../core/call-phase.ts';

describe('the phase of a call', () => {
  test.each([
    ['received', 'call.routed', 'routed'],
    ['routed', 'call.ringing', 'ringing'],
    ['routed', 'call.early-media', 'early'],
    ['routed', 'call.answered', 'answered'],
    ['ringing', 'call.ringing', 'ringing'],
    ['ringing', 'call.early-media', 'early'],
    ['ringing', 'call.answered', 'answered'],
    ['early', 'call.ringing', 'early'],
    ['early', 'call.answered', 'answered'],
    ['answered', 'call.ended', 'ended'],
  ] as const)('%s, then %s: %s', (phase, type, after) => {
    expect(advance(phase, type)).toBe(after);
  });

  test.each(callPhases.filter((phase) => phase !== 'ended'))('a call that is %s can end', (phase) => {
    expect(advance(phase, 'call.ended')).toBe('ended');
  });

  test.each([
    ['received', 'call.answered'],
    ['received', 'call.ringing'],
    ['routed', 'call.routed'],
    ['routed', 'call.received'],
    ['answered', 'call.ringing'],
    ['answered', 'call.answered'],
    ['ended', 'call.ended'],
    ['ended', 'call.answered'],
  ] as const)('a call that is %s cannot say %s: that is a bug and throws', (phase, type) => {
    expect(() => advance(phase, type)).toThrow(`a call that is ${phase} cannot say ${type}`);
  });

  test.each(callPhases)('a failed attempt, media and digits leave a call %s', (phase) => {
    for (const type of [
      'call.attempt-failed',
      'media.started',
      'dtmf.received',
      'command.refused',
    ] as const) {
      expect(advance(phase, type)).toBe(phase);
    }
  });
});
