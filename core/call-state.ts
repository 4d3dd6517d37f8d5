import type { EdgeRef } from '../contracts/envelope.ts';
import type { CallEnded, CallReceived } from '../contracts/events/call.ts';
import type { CallScopedEvent, EventOf } from '../contracts/events.ts';
import type { CallPhase } from './call-phase.ts';
import { addSeq, hasSeq, missingSeqs, type SeqRanges } from './seq-ranges.ts';

type PayloadOf<T extends CallScopedEvent['type'], K extends keyof EventOf<T>> = Pick<EventOf<T>, K> & {
  readonly time: string;
};

/** A digit by its id; its two events may come in any order. */
export interface DigitState {
  readonly digit?: string;
  readonly leg?: 'a' | 'b';
  readonly receivedSeq?: number;
  readonly deliveredSeq?: number;
}

/**
 * What is known of a call: plain JSON, as it stands in DynamoDB. It is a fold over the call's events in which every
 * fact has one source, so events may come in any order, twice, or not at all, and the same events give the same state.
 */
export interface CallState {
  readonly callId: string;
  readonly phase: CallPhase;
  readonly phaseSeq: number;
  readonly seen: SeqRanges;
  /** Sequence numbers below the highest that have not come (yet). */
  readonly missing: readonly number[];
  /** Received, ended by its own edge, and nothing missing between. */
  readonly complete: boolean;
  readonly edge?: EdgeRef;
  readonly received?: PayloadOf<'call.received', 'trunk' | 'from' | 'to' | 'sipCallId' | 'source'> & {
    readonly offer?: CallReceived['offer'];
    readonly replyTo?: string;
  };
  readonly routed?: PayloadOf<'call.routed', 'source' | 'waitMs' | 'configVersion' | 'targets'> & {
    readonly agent?: string;
    readonly refused?: string;
  };
  readonly answered?: PayloadOf<
    'call.answered',
    'target' | 'setupMs' | 'decisionMs' | 'codecs' | 'transcoded'
  >;
  readonly mediaStartedAfterMs?: number;
  /** Latest totals of a call that is up; those of an ended call stand in `ended`. */
  readonly quality?: { readonly seq: number } & Pick<EventOf<'media.quality'>, 'a' | 'b'>;
  /** By seq. */
  readonly attempts: Readonly<
    Record<string, PayloadOf<'call.attempt-failed', 'target' | 'reason' | 'sipStatus' | 'durationMs'>>
  >;
  readonly digits: Readonly<Record<string, DigitState>>;
  readonly ended?: PayloadOf<
    'call.ended',
    'reason' | 'blame' | 'sipStatus' | 'durationMs' | 'talkMs' | 'media' | 'digits'
  > & {
    /** The edge that owned the call, or the reaper for an edge that is gone. */
    readonly by: 'edge' | 'reaper';
    readonly id: string;
    readonly detail?: string;
  };
}

const emptyCall = (callId: string): CallState => ({
  callId,
  phase: 'received',
  phaseSeq: -1,
  seen: [],
  missing: [],
  complete: false,
  attempts: {},
  digits: {},
});

/** Folds one event in. Gives the very same object for an event that changes nothing. */
export function evolve(state: CallState | undefined, event: CallScopedEvent): CallState {
  if (event.callId === undefined) throw new Error(`a ${event.type} without callId belongs to no call`);
  const call = state ?? emptyCall(event.callId);
  if (event.seq === undefined)
    return event.type === 'call.ended' ? conclude(withEnd(call, event, 'reaper')) : call;
  if (hasSeq(call.seen, event.seq)) return call;
  const seen = addSeq(call.seen, event.seq);
  const edge = event.edge === undefined ? {} : { edge: event.edge };
  return conclude(withPhase({ ...withFacts(call, event, event.seq), seen, ...edge }, event, event.seq));
}

const phases: Partial<Record<CallScopedEvent['type'], CallPhase>> = {
  'call.received': 'received',
  'call.routed': 'routed',
  'call.ringing': 'ringing',
  'call.early-media': 'early',
  'call.answered': 'answered',
};

/** The highest seq tells the phase, except that an ended call stays ended. */
function withPhase(call: CallState, event: CallScopedEvent, seq: number): CallState {
  const phase = phases[event.type];
  return phase !== undefined && seq > call.phaseSeq ? { ...call, phase, phaseSeq: seq } : call;
}

function conclude(call: CallState): CallState {
  const missing = missingSeqs(call.seen);
  const complete = missing.length === 0 && call.received !== undefined && call.ended?.by === 'edge';
  return { ...call, phase: call.ended ? 'ended' : call.phase, missing, complete };
}

function withFacts(call: CallState, event: CallScopedEvent, seq: number): CallState {
  const { time } = event;
  switch (event.type) {
    case 'call.received': {
      const { trunk, from, to, sipCallId, source, offer, replyTo } = event;
      const optional = { ...(offer && { offer }), ...(replyTo !== undefined && { replyTo }) };
      return { ...call, received: { time, trunk, from, to, sipCallId, source, ...optional } };
    }
    case 'call.routed': {
      const { source, waitMs, configVersion, targets, agent, refused } = event;
      const optional = { ...(agent !== undefined && { agent }), ...(refused !== undefined && { refused }) };
      return { ...call, routed: { time, source, waitMs, configVersion, targets, ...optional } };
    }
    case 'call.attempt-failed': {
      const { target, reason, sipStatus, durationMs } = event;
      return {
        ...call,
        attempts: { ...call.attempts, [seq]: { time, target, reason, sipStatus, durationMs } },
      };
    }
    case 'call.answered': {
      const { target, setupMs, decisionMs, codecs, transcoded } = event;
      return { ...call, answered: { time, target, setupMs, decisionMs, codecs, transcoded } };
    }
    case 'call.ended':
      return withEnd(call, event, 'edge');
    case 'media.started':
      return { ...call, mediaStartedAfterMs: event.afterMs };
    case 'media.quality':
      return seq > (call.quality?.seq ?? -1) ? { ...call, quality: { seq, a: event.a, b: event.b } } : call;
    case 'dtmf.received':
      return withDigit(call, event.digitId, { digit: event.digit, leg: event.leg, receivedSeq: seq });
    case 'dtmf.delivered':
      return withDigit(call, event.digitId, { digit: event.digit, deliveredSeq: seq });
    default:
      return call;
  }
}

const withDigit = (call: CallState, digitId: string, digit: DigitState): CallState => ({
  ...call,
  digits: { ...call.digits, [digitId]: { ...call.digits[digitId], ...digit } },
});

/** The edge knows better than the reaper; of two reapers the one with the lower event id. */
function withEnd(call: CallState, event: CallEnded, by: 'edge' | 'reaper'): CallState {
  const known = call.ended;
  if (known && (known.by === 'edge' || (by === 'reaper' && known.id <= event.id))) return call;
  const { time, id, reason, blame, sipStatus, durationMs, talkMs, media, digits, detail } = event;
  const ended = { time, id, by, reason, blame, sipStatus, durationMs, talkMs, media, digits };
  return { ...call, ended: { ...ended, ...(detail !== undefined && { detail }) } };
}

/** The digits that one leg sent, in the order in which they were pressed. */
export function digitsOf(
  call: CallState,
  leg: 'a' | 'b',
  stage: 'received' | 'delivered' = 'received',
): string {
  return Object.values(call.digits)
    .filter((digit) => digit.leg === leg && (stage === 'received' || digit.deliveredSeq !== undefined))
    .sort((one, other) => (one.receivedSeq ?? 0) - (other.receivedSeq ?? 0))
    .map((digit) => digit.digit ?? '')
    .join('');
}
