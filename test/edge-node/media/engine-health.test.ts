import { expect, test } from 'vitest';
import { createEngineHealth, type EngineHealth } from '../../../edge-node/media/engine-health.ts';

type Step = Exclude<keyof EngineHealth, 'state'>;

/** States after each step. */
const statesAfter = (...steps: readonly Step[]) => {
  const health = createEngineHealth(() => {});
  return steps.map((step) => {
    health[step]();
    return health.state;
  });
};

test('the first ping decides alone', () => {
  expect(createEngineHealth(() => {}).state).toBe('dead');
  expect(statesAfter('answered')).toEqual(['up']);
  expect(statesAfter('missed')).toEqual(['dead']);
});

test('the fourth ping missed in a row is the death of it', () => {
  const missed = ['missed', 'missed', 'missed'] as const;
  expect(statesAfter('answered', ...missed)).toEqual(['up', 'suspect', 'suspect', 'suspect']);
  expect(statesAfter('answered', ...missed, 'missed').at(-1)).toBe('dead');
  expect(statesAfter('answered', ...missed, 'answered', ...missed).at(-1)).toBe('suspect');
});

test('two pings answered in a row clear it, one does not', () => {
  expect(statesAfter('answered', 'missed', 'answered', 'missed', 'answered', 'answered')).toEqual([
    'up',
    'suspect',
    'suspect',
    'suspect',
    'suspect',
    'up',
  ]);
  expect(statesAfter('missed', 'answered', 'answered')).toEqual(['dead', 'dead', 'up']);
});

test('a command without an answer makes it suspect, never dead', () => {
  expect(statesAfter('answered', 'doubt', 'doubt', 'doubt', 'doubt')).toEqual([
    'up',
    'suspect',
    'suspect',
    'suspect',
    'suspect',
  ]);
  expect(statesAfter('missed', 'doubt')).toEqual(['dead', 'dead']);
});

test('one whose answers all come too late is suspect, and lives', () => {
  const slow = (['missed', 'heard'] as const).flatMap((step) => [step, step, step]);
  expect(new Set(statesAfter('answered', ...slow, ...slow, ...slow).slice(1))).toEqual(new Set(['suspect']));
});

test('changes are told once each', () => {
  const changes: string[] = [];
  const health = createEngineHealth((now, before) => changes.push(`${before} ${now}`));
  const steps = [
    'answered',
    'missed',
    'missed',
    'doubt',
    'missed',
    'missed',
    'missed',
    'answered',
    'answered',
    'answered',
  ];
  for (const step of steps as Step[]) health[step]();
  expect(changes).toEqual(['up suspect', 'suspect dead', 'dead up']);
});
