import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { InnerSeat } from '../contracts/machine-plan.ts';
import type { Attachments, Instance, Metadata } from './ports.ts';

export interface SeatSearch {
  readonly seats: readonly InnerSeat[];
  readonly instance: Instance;
  readonly metadata: Metadata;
  readonly attachments: Attachments;
  /** Between one look around and the next, ms. */
  readonly everyMs: number;
  /** How long to look, ms. */
  readonly forMs: number;
  /** Told at each look that finds nothing: the group must not lose patience. */
  readonly waiting: () => Promise<void>;
  /** The group is to have this machine no more. */
  readonly isUnwanted: () => Promise<boolean>;
  readonly logger: Logger;
}

/**
 * Takes the first free seat of the machine's zone, and waits for one where none is free: during a deploy the machine that
 * goes keeps its seat until its calls have ended. Undefined: none came free in time, or the machine is not wanted any more.
 */
export async function takeSeat(search: SeatSearch): Promise<InnerSeat | undefined> {
  const { instance, logger, everyMs, forMs } = search;
  const until = Date.now() + forMs;
  for (;;) {
    try {
      const seat = await lookAround(search);
      if (seat) return seat;
      logger.info({ zone: instance.zone }, 'no seat is free');
      await search.waiting();
    } catch (error) {
      logger.warn({ reason: reasonOf(error) }, 'looking for a seat failed');
    }
    if (Date.now() >= until || (await search.isUnwanted())) return undefined;
    await pause(everyMs);
  }
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function lookAround({
  seats,
  instance,
  metadata,
  attachments,
}: SeatSearch): Promise<InnerSeat | undefined> {
  // After a restart the machine still has the one it took.
  const mine = await metadata.interfaces();
  const here = seats.filter(({ zone }) => zone === instance.zone);
  const kept = here.find(({ eni }) => mine.includes(eni));
  if (kept) return kept;
  for (const seat of here) {
    if (await attachments.attach(seat.eni, instance.id)) return seat;
  }
  return undefined;
}
