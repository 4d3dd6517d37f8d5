import type { TrunklineEvent } from '../contracts/events.ts';

/**
 * received ──routed──▶ routed ──ringing──▶ ringing ──early-media──▶ early
 *    │                   │ └──early-media──────┼──────────────────▶  │
 *    │                   ├──answered──▶ answered ◀──answered─────────┤
 *    └──ended──▶ ended ◀─┴──ended──────────┴──────────ended──────────┘
 *
 * A failed attempt and whatever else is said leave the phase as it is.
 */
export type CallPhase = 'received' | 'routed' | 'ringing' | 'early' | 'answered' | 'ended';

type PhaseEvent = 'call.routed' | 'call.ringing' | 'call.early-media' | 'call.answered' | 'call.ended';

const next = {
  received: { 'call.routed': 'routed', 'call.ended': 'ended' },
  routed: {
    'call.ringing': 'ringing',
    'call.early-media': 'early',
    'call.answered': 'answered',
    'call.ended': 'ended',
  },
  ringing: {
    'call.ringing': 'ringing',
    'call.early-media': 'early',
    'call.answered': 'answered',
    'call.ended': 'ended',
  },
  early: {
    'call.ringing': 'early',
    'call.early-media': 'early',
    'call.answered': 'answered',
    'call.ended': 'ended',
  },
  answered: { 'call.ended': 'ended' },
  ended: {},
} as const satisfies Record<CallPhase, Partial<Record<PhaseEvent, CallPhase>>>;

const phaseEvents = new Set<string>([
  'call.routed',
  'call.ringing',
  'call.early-media',
  'call.answered',
  'call.ended',
]);

/** The phase after an event. @throws Error on an event that cannot come in this phase: that is a bug of the edge. */
export function advance(phase: CallPhase, type: TrunklineEvent['type']): CallPhase {
  if (!phaseEvents.has(type)) return phase;
  const to = (next[phase] as Partial<Record<string, CallPhase>>)[type];
  if (to === undefined) throw new Error(`a call that is ${phase} cannot say ${type}`);
  return to;
}
