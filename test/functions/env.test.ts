import { expect, test } from 'vitest';
import { DecideRouteEnv, readEnv } from '../../functions/env.ts';

const whole = {
  CALLS_TABLE: 'calls',
  CONFIG_TABLE: 'config',
  EDGE_QUEUE_PREFIX: 'trunkline-to-',
  RETENTION_DAYS: '30',
  PLATFORM: 'trunkline',
};

test('an environment is read once, with numbers as numbers, and cannot be changed', () => {
  const env = readEnv(DecideRouteEnv, { ...whole, PATH: '/bin' });
  expect(env).toEqual({ ...whole, RETENTION_DAYS: 30 });
  expect(Object.isFrozen(env)).toBe(true);
});

test('the error names every variable that is missing or wrong', () => {
  const read = () =>
    readEnv(DecideRouteEnv, { CALLS_TABLE: 'calls', EDGE_QUEUE_PREFIX: '', RETENTION_DAYS: 'soon' });
  expect(read).toThrow(/CONFIG_TABLE: .*EDGE_QUEUE_PREFIX: .*RETENTION_DAYS: /);
});
