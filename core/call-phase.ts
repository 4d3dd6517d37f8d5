import type { TrunklineEvent } from '../contracts/events.ts';

/**
 * received ──routed──▶ routed ──ringing──▶ ringing ──early-media──▶ early
 *     │                  │ │ └───────────────│──early-media──────────▲ │
 *     │                  │ └──answered──▶ answered ◀──answered─────────┤
 *     └──ended──▶ ended ◀┴──ended────────────┴───────ended─────────────┘
 *                                    (ringing ──answered──▶ answered, ringing ──ended──▶ ended likewise)
 *
 * A phase never goes back: ringing heard after early media, from this target or the next, leaves the call `early`.
 * A call that a command asked for begins with call.originated in the place of call.received, and its phases are told of both
 * parties that are called. A failed attempt and whatever else is said leave the phase as it is.
 */
export const callPhases = ['received', 'routed', 'ringing', 'early', 'answered', 'ended'] as const;
export type CallPhase = (typeof callPhases)[number];

type EventType = TrunklineEvent['type'];

/** The events that move a call, and where to; all others say nothing of the phase. */
export const phaseAfter: Partial<Record<EventType, CallPhase>> = {
  'call.received': 'received',
  'call.originated': 'received',
  'call.routed': 'routed',
  'call.ringing': 'ringing',
  'call.early-media': 'early',
  'call.answered': 'answered',
  'call.ended': 'ended',
};

const targetSpeaks: readonly EventType[] = ['call.ringing', 'call.early-media', 'call.answered'];

/** What may be said in each phase. */
const next: Readonly<Record<CallPhase, readonly EventType[]>> = {
  received: ['call.received', 'call.originated', 'call.routed', 'call.ended'],
  routed: [...targetSpeaks, 'call.ended'],
  ringing: [...targetSpeaks, 'call.ended'],
  early: [...targetSpeaks, 'call.ended'],
  answered: ['call.ended'],
  ended: [],
};

/** The phase after an event. @throws Error on an event that cannot come in this phase: that is a bug of the edge. */
export function advance(phase: CallPhase, type: EventType): CallPhase {
  const to = phaseAfter[type];
  if (to === undefined) return phase;
  if (!next[phase].includes(type)) throw new Error(`a call that is ${phase} cannot say ${type}`);
  return laterPhase(phase, to);
}

export const laterPhase = (one: CallPhase, other: CallPhase): CallPhase =>
  callPhases.indexOf(one) > callPhases.indexOf(other) ? one : other;
