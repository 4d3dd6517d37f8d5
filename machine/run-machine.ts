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
  const { plan, folder, lifecycle, logger } = parts;
  const seat = await takeSeat({
    ...parts,
    seats: plan.seats,
    forMs: plan.drainSeconds * 1_000 + STARTING_MS,
    waiting: () => lifecycle.stillBusy(plan.hooks.launch),
  });
  if (!seat) {
    logger.error('no seat came free in time: the group is to end this machine');
    return lifecycle.done(plan.hooks.launch, 'ABANDON');
  }
  logger.info({ seat }, 'seated');
  await until(parts, 'the address of the seat', async () => parts.hasAddress(seat.privateAddress));
  await writeSeatFiles(plan, seat, parts.secrets, folder);
  await writeFile(join(folder, 'seated'), '');
  await until(parts, 'the worker', () => parts.worker.ready());
  await enterService(parts, seat);
  await until(parts, 'the order to leave', async () => {
    parts.tell(seat, await parts.worker.ready());
    return (await parts.metadata.targetState()) === 'Terminated';
  });
  await leave(parts);
}

async function enterService(
  { plan, folder, lifecycle, logger }: MachineParts,
  seat: InnerSeat,
): Promise<void> {
  // A machine that was in service before, and whose program starts anew, has no launch to complete.
  await attempt(logger, 'the launch could not be completed', () =>
    lifecycle.done(plan.hooks.launch, 'CONTINUE'),
  );
  // An edge without its first rtpengine takes no calls: fewer machines must not mean this one.
  if (plan.role === 'media' && seat.index === 0) {
    await attempt(logger, 'protection could not be had', () => lifecycle.protect());
  }
  await writeFile(join(folder, 'in-service'), '');
  logger.info('in service');
}

/** No new calls; those there are may go on for a while. */
async function leave({ plan, worker, lifecycle, everyMs, logger }: MachineParts): Promise<void> {
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
  await lifecycle.done(plan.hooks.terminate, 'CONTINUE');
}

async function until(
  { everyMs, logger }: MachineParts,
  what: string,
  done: () => Promise<boolean>,
): Promise<void> {
  for (let said = ''; ; ) {
    try {
      if (await done()) return;
    } catch (error) {
      if (reasonOf(error) !== said) logger.warn({ reason: reasonOf(error) }, `waiting for ${what}`);
      said = reasonOf(error);
    }
    await pause(everyMs);
  }
}

/** What fails is told, and what is more important goes on. */
async function attempt(logger: Logger, message: string, what: () => Promise<void>): Promise<void> {
  try {
    await what();
  } catch (error) {
    logger.warn({ reason: reasonOf(error) }, message);
  }
}
