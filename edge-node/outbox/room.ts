import type { EventType } from '../../contracts/events.ts';

/** Shares of `maxBytes`: what is kept when the journal fills because the bus is away for long. */
const marks = {
  /** From here on the edge takes no new calls: what is left belongs to the calls that are up. */
  noNewCalls: 0.9,
  /** From here on only what the record of a call cannot do without is kept. */
  onlyCritical: 0.97,
} as const;

const critical: ReadonlySet<EventType> = new Set<EventType>([
  'call.received',
  'call.originated',
  'call.routed',
  'call.answered',
  'call.ended',
  'command.applied',
  'command.refused',
  'edge.started',
  'edge.stopped',
]);

/** Oldest kept: events already in the journal are never given up for newer ones. */
export const roomOf = (maxBytes: number) => ({
  full: (bytes: number): boolean => bytes >= maxBytes * marks.noNewCalls,
  admits: (type: EventType, bytes: number): boolean =>
    bytes < maxBytes * (critical.has(type) ? 1 : marks.onlyCritical),
});
