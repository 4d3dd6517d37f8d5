import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { InnerSeat, MachinePlan } from '../contracts/machine-plan.ts';
import type { Attachments, Instance, Lifecycle, Metadata, Secrets, Worker } from './ports.ts';
import { writeSeatFiles } from './seat-files.ts';
import { reasonOf, takeSeat } from './take-seat.ts';

export interface MachineParts {
  readonly plan: MachinePlan;
  /** In memory, and known to systemd: its units wait for the files `seated`, `in-service` and `drain`. */
  readonly folder: string;
  readonly instance: Instance;
  readonly metadata: Metadata;
  readonly attachments: Attachments;
  readonly lifecycle: Lifecycle;
  readonly secrets: Secrets;
  readonly worker: Worker;
  /** Whether the machine's own network knows the address. */
  readonly hasAddress: (address: string) => boolean;
  /** Told at each look at the worker, with what it says. */
  readonly tell: (seat: InnerSeat, ready: boolean) => void;
  /** Between two looks at anything, ms. */
  readonly everyMs: number;
  readonly logger: Logger;
}

/** Beside the calls of the machine before: for this one to boot and to be ready, ms. */
const STARTING_MS = 600_000;

/** The life of a machine: it takes a seat, takes calls, and leaves once they have ended. Returns when it may be ended. */
export async function runMachine(parts: MachineParts): Promise<void> {
  const { plan, lifecycle, logger } = parts;
  const seat = await takeSeat({
    ...parts,
    seats: plan.seats,
    forMs: plan.drainSeconds * 1_000 + STARTING_MS,
    waiting: () => lifecycle.stillBusy(plan.hooks.launch),
    isUnwanted: () => isUnwanted(parts),
  });
  if (!seat) return goWithoutSeat(parts);
  logger.info({ seat }, 'seated');
  // Started anew while its calls end, it must not wait for a worker that takes none.
  if (await takeCalls(parts, seat)) await serve(parts, seat);
  await leave(parts);
}

/** From the seat to the first call. False: the group wants this machine no more. */
async function takeCalls(parts: MachineParts, seat: InnerSeat): Promise<boolean> {
  const { plan, folder, secrets, worker, lifecycle, logger } = parts;
  const isInService =
    (await until(parts, 'the address of the seat', async () => parts.hasAddress(seat.privateAddress))) &&
    (await until(parts, 'what the containers read', () => writeSeatFiles(plan, seat, secrets, folder))) &&
    (await until(parts, 'systemd', () => writeFile(join(folder, 'seated'), ''))) &&
    (await until(parts, 'the worker: its own log says what it lacks', () => worker.ready())) &&
    // A machine that was in service before, and whose program starts anew, has no launch to complete.
    (await until(parts, 'the launch to complete', () => lifecycle.done(plan.hooks.launch, 'CONTINUE')));
  if (!isInService) return false;
  await writeFile(join(folder, 'in-service'), '');
  logger.info('in service');
  return true;
}

/** Until the group wants the machine no more. */
async function serve(parts: MachineParts, seat: InnerSeat): Promise<void> {
  while (!(await isUnwanted(parts))) {
    parts.tell(seat, await parts.worker.ready());
    await pause(parts.everyMs);
  }
}

async function goWithoutSeat(parts: MachineParts): Promise<void> {
  const { hooks } = parts.plan;
  if (await isUnwanted(parts)) return complete(parts, hooks.terminate, 'CONTINUE');
  parts.logger.error('no seat came free in time: the group is to end this machine');
  return complete(parts, hooks.launch, 'ABANDON');
}

/** No new calls; those there are may go on for a while. */
async function leave(parts: MachineParts): Promise<void> {
  const { plan, worker, lifecycle, everyMs, logger } = parts;
  const deadline = Date.now() + plan.drainSeconds * 1_000;
  let idle = false;
  while (!idle && Date.now() < deadline) {
    await attempt(logger, 'the drain could not be asked for', () => worker.drain());
    await attempt(logger, 'more time could not be asked for', () =>
      lifecycle.stillBusy(plan.hooks.terminate),
    );
    await pause(everyMs);
    idle = await worker.idle();
  }
  logger.info({ idle }, idle ? 'the last call has ended' : 'the time for calls is over');
  await complete(parts, plan.hooks.terminate, 'CONTINUE');
}

/** Repeated until the group has heard it: it would wait for its own time-out, and a deploy with it. */
async function complete(
  { lifecycle, everyMs, logger }: MachineParts,
  ...action: Parameters<Lifecycle['done']>
): Promise<void> {
  for (let isHeard = false; !isHeard; ) {
    isHeard = await attempt(logger, 'the group could not be told', () => lifecycle.done(...action));
    if (!isHeard) await pause(everyMs);
  }
}

const isUnwanted = ({ metadata, logger }: MachineParts): Promise<boolean> =>
  metadata.targetState().then(
    (state) => state === 'Terminated',
    (error: unknown) => {
      logger.warn({ reason: reasonOf(error) }, 'what the group wants is not known');
      return false;
    },
  );

/** Tries again while `done` throws or says false. False: the group wants this machine no more. */
async function until(parts: MachineParts, what: string, done: () => Promise<unknown>): Promise<boolean> {
  for (let said: string | undefined; ; ) {
    if (await isUnwanted(parts)) return false;
    const reason = await done().then((is) => (is === false ? '' : undefined), reasonOf);
    if (reason === undefined) return true;
    if (reason !== said) parts.logger[reason ? 'warn' : 'info']({ reason }, `waiting for ${what}`);
    said = reason;
    await pause(parts.everyMs);
  }
}

/** What fails is told, and what is more important goes on. False: it failed. */
async function attempt(logger: Logger, message: string, what: () => Promise<void>): Promise<boolean> {
  try {
    await what();
    return true;
  } catch (error) {
    logger.warn({ reason: reasonOf(error) }, message);
    return false;
  }
}
