import type { Logger } from 'pino';
import type { FleetRow } from '../../contracts/tables.ts';
import type { Clock, FleetRegister } from '../ports.ts';

export interface HeartbeatOptions {
  readonly register: FleetRegister;
  readonly row: () => FleetRow;
  readonly everyMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Beats once at once and then on a fixed period. A beat that fails is told; calls go on without it. */
export async function startHeartbeat({
  register,
  row,
  everyMs,
  clock,
  logger,
}: HeartbeatOptions): Promise<AsyncDisposable> {
  let stopped = false;
  let cancel = () => {};
  let beating: Promise<void>;
  const beatOnce = async () => {
    try {
      await register.beat(row());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ reason }, 'the heartbeat could not be written');
    }
    if (!stopped) cancel = clock.after(everyMs, beat);
  };
  const beat = () => {
    beating = beatOnce();
  };
  beating = beatOnce();
  await beating;
  return {
    async [Symbol.asyncDispose]() {
      stopped = true;
      cancel();
      await beating;
    },
  };
}
