import type { EdgeRef } from '../contracts/envelope.ts';
import type { CallEnded, CallReceived, DigitCount } from '../contracts/events/call.ts';
import type { CallScopedEvent, EventOf } from '../contracts/events.ts';
import { type Collections, withCollection } from './call-collections.ts';
import { type DigitState, type Digits, withDigit } from './call-digits.ts';
import { type CallPhase, laterPhase, phaseAfter } from './call-phase.ts';
import { type Transfers, withTransfer } from './call-transfers.ts';
import { addSeq, hasSeq, missingSeqs, type SeqRanges } from './seq-ranges.ts';

type PayloadOf<T extends CallScopedEvent['type'], K extends keyof EventOf<T>> = Pick<EventOf<T>, K> & {
  readonly time: string;
};

/**
 * What is known of a call: plain JSON, as it stands in DynamoDB. It is a fold over the call's events in which every
 * fact has one source, so events may come in any order, twice, or not at all, and the same events give the same state.
 */
export interface CallState {
  readonly callId: string;
  readonly phase: CallPhase;
  /** Sequence numbers that have come. */
  readonly seen: SeqRanges;
  /** Those below the highest seen that have not come (yet). */
  readonly missing: SeqRanges;
  /** Received, ended by its own edge, and nothing missing between. */
  readonly complete: boolean;
  readonly edge?: EdgeRef;
  readonly received?: PayloadOf<'call.received', 'trunk' | 'from' | 'to' | 'sipCallId' | 'source'> & {
    readonly offer?: CallReceived['offer'];
    readonly replyTo?: string;
  };
  /** In the place of `received`, for a call that a command asked for. */
  readonly originated?: PayloadOf<'call.originated', 'commandId' | 'from' | 'to' | 'connect'> & {
    readonly replyTo?: string;
  };
  /** The party that was called first, when it answered. */
  readonly firstAnswered?: PayloadOf<'call.leg-answered', 'target' | 'targets'> & { readonly agent?: string };
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
  /** The latest that was said of a side from which no RTP comes. */
  readonly silence?: PayloadOf<'media.timeout', 'leg' | 'silentMs'> & {
    readonly seq: number;
    readonly what: 'one-way' | 'timeout' | 'resumed';
  };
  /** By seq. */
  readonly attempts: Readonly<
    Record<string, PayloadOf<'call.attempt-failed', 'target' | 'reason' | 'sipStatus' | 'durationMs'>>
  >;
  /** The first of the call; how many there are says `digitCount`. */
  readonly digits: Digits;
  readonly digitCount: DigitCount;
  /** Absent where nothing was collected. */
  readonly collections?: Collections;
  /** Absent where nobody asked for any. */
  readonly transfers?: Transfers;
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
  seen: [],
  missing: [],
  complete: false,
  attempts: {},
  digits: {},
  digitCount: { received: 0, delivered: 0, gap: 0 },
});

/** Folds one event in. Gives the very same object for an event that changes nothing. */
export function evolve(state: CallState | undefined, event: CallScopedEvent): CallState {
  if (event.callId === undefined) throw new Error(`a ${event.type} without callId belongs to no call`);
  const call = state ?? emptyCall(event.callId);
  if (event.seq === undefined) return event.type === 'call.ended' ? withReapersEnd(call, event) : call;
  if (hasSeq(call.seen, event.seq)) return call;
  const seen = addSeq(call.seen, event.seq);
  const edge = event.edge === undefined ? {} : { edge: event.edge };
  return conclude({ ...withFacts(call, event, event.seq), seen, ...edge, phase: phaseOf(call, event) });
}

/** When the call began, between whom, and where the edge that owns it listens. */
export const beginningOf = ({
  received,
  originated,
}: CallState): CallState['originated'] | CallState['received'] => received ?? originated;

/** Phases only go forward, so the latest one that any event speaks of is the phase. */
const phaseOf = ({ phase }: CallState, { type }: CallScopedEvent): CallPhase =>
  laterPhase(phase, phaseAfter[type] ?? phase);

function withReapersEnd(call: CallState, event: CallEnded): CallState {
  const ended = withEnd(call, event, 'reaper');
  return ended === call ? call : conclude({ ...ended, phase: 'ended' });
}

function conclude(call: CallState): CallState {
  const missing = missingSeqs(call.seen);
  const complete = missing.length === 0 && beginningOf(call) !== undefined && call.ended?.by === 'edge';
  return { ...call, missing, complete };
}

function withFacts(call: CallState, event: CallScopedEvent, seq: number): CallState {
  const { time } = event;
  switch (event.type) {
    case 'call.received': {
      const { trunk, from, to, sipCallId, source, offer, replyTo } = event;
      const optional = { ...(offer && { offer }), ...(replyTo !== undefined && { replyTo }) };
      return { ...call, received: { time, trunk, from, to, sipCallId, source, ...optional } };
    }
    case 'call.originated': {
      const { commandId, from, to, connect, replyTo } = event;
      const optional = replyTo === undefined ? {} : { replyTo };
      return { ...call, originated: { time, commandId, from, to, connect, ...optional } };
    }
    case 'call.leg-answered': {
      const { target, targets, agent } = event;
      const optional = agent === undefined ? {} : { agent };
      return { ...call, firstAnswered: { time, target, targets, ...optional } };
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
    case 'media.one-way':
    case 'media.timeout':
    case 'media.resumed':
      return withSilence(call, event, seq);
    case 'dtmf.received':
    case 'dtmf.delivered':
    case 'dtmf.delivery-gap':
      return withKey(call, event, seq);
    case 'call.transferring':
    case 'call.transferred':
    case 'call.transfer-failed':
      return { ...call, transfers: withTransfer(call.transfers ?? {}, event, seq) };
    case 'dtmf.collected':
      return { ...call, collections: withCollection(call.collections ?? {}, event, seq) };
    default:
      return call;
  }
}

const silences = {
  'media.one-way': 'one-way',
  'media.timeout': 'timeout',
  'media.resumed': 'resumed',
} as const;

function withSilence(
  call: CallState,
  { type, time, leg, silentMs }: EventOf<keyof typeof silences>,
  seq: number,
): CallState {
  if (seq < (call.silence?.seq ?? 0)) return call;
  return { ...call, silence: { seq, time, what: silences[type], leg, silentMs } };
}

type DigitEvent = EventOf<'dtmf.received' | 'dtmf.delivered' | 'dtmf.delivery-gap'>;

function withKey(call: CallState, event: DigitEvent, seq: number): CallState {
  // A state that was stored by an older version counts no gaps.
  const count = { ...call.digitCount, gap: call.digitCount.gap ?? 0 };
  const digit = event.digit === undefined ? {} : { digit: event.digit };
  const pressed = (more: Pick<DigitState, 'leg'> & Partial<DigitState>) =>
    withDigit(call.digits, event.digitId, { ...digit, ...more });
  if (event.type === 'dtmf.received') {
    const digits = pressed({ leg: event.leg, receivedSeq: seq });
    return { ...call, digits, digitCount: { ...count, received: count.received + 1 } };
  }
  const leg = event.leg === 'a' ? 'b' : 'a';
  if (event.type === 'dtmf.delivered') {
    const digits = pressed({ leg, deliveredSeq: seq });
    return { ...call, digits, digitCount: { ...count, delivered: count.delivered + 1 } };
  }
  const digits = pressed({ leg, gap: event.reason });
  return { ...call, digits, digitCount: { ...count, gap: count.gap + 1 } };
}

/** The edge knows better than the reaper; of two reapers the one with the lower event id. */
function withEnd(call: CallState, event: CallEnded, by: 'edge' | 'reaper'): CallState {
  const known = call.ended;
  if (known && (known.by === 'edge' || (by === 'reaper' && known.id <= event.id))) return call;
  const { time, id, reason, blame, sipStatus, durationMs, talkMs, media, digits, detail } = event;
  const ended = { time, id, by, reason, blame, sipStatus, durationMs, talkMs, media, digits };
  return { ...call, ended: { ...ended, ...(detail !== undefined && { detail }) } };
}
