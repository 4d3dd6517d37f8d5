import { expect, test } from 'vitest';
import type { DecideRouteEnv, EnvOf, ReapCallsEnv } from '../../functions/env.ts';

/** The compiler is what is tested here: without an error on the next line, `@ts-expect-error` itself is one. */
test('a variable that the stack forgets does not compile', () => {
  const whole: EnvOf<typeof DecideRouteEnv> = {
    CALLS_TABLE: 'calls',
    CONFIG_TABLE: 'config',
    EDGE_QUEUE_PREFIX: 'trunkline-to-',
    RETENTION_DAYS: '30',
    PLATFORM: 'trunkline',
  };
  // @ts-expect-error FLEET_TABLE, BUS_NAME and EDGE_LOST_AFTER_SECONDS are missing
  const forgotten: EnvOf<typeof ReapCallsEnv> = { CALLS_TABLE: 'calls' };
  // @ts-expect-error CloudFormation knows strings only
  const wrongType: EnvOf<typeof DecideRouteEnv> = { ...whole, RETENTION_DAYS: 30 };
  // @ts-expect-error a variable that no function reads
  const stray: EnvOf<typeof DecideRouteEnv> = { ...whole, BUS_NAME: 'trunkline' } satisfies EnvOf<
    typeof DecideRouteEnv
  >;
  expect([whole, forgotten, wrongType, stray]).toHaveLength(4);
});
