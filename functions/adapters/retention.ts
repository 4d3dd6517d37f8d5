import type { Clock } from '../ports.ts';

/** Epoch seconds at which an item that is written now may be deleted. */
export type Expiry = () => number;

export const afterDays =
  (days: number, clock: Clock): Expiry =>
  () =>
    Math.floor(clock.now() / 1000) + days * 86_400;
