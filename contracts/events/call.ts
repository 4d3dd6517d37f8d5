import * as z from 'zod';
import { callEvent, sharedEvent, Ulid } from '../envelope.ts';
import { Blame, TerminationReason } from '../terminations.ts';
import { Negotiation } from './negotiation.ts';

/** `a` called us, `b` is the side we called. */
export const LegName = z.enum(['a', 'b']);
export type LegName = z.infer<typeof LegName>;

/** SIP URI as it stands on the wire, at most 2,048 characters. */
const SipUri = z.string().min(1).max(2048);
const SipStatus = z.int().min(100).max(699);

/** One side of the call as the INVITE names it; `number` is the user part of the URI. */
export const Party = z.object({
  uri: SipUri,
  number: z.string().max(256),
  displayName: z.string().max(256).optional(),
});
export type Party = z.infer<typeof Party>;

/** Audio codec name as in an rtpmap: `PCMU`, `opus`; case as IANA registers it. */
const CodecName = z.string().min(1).max(32);

/** What the caller's SDP offers; absent for a late offer (RFC 3261 §13.2.1: INVITE without SDP). */
export const Offer = z.object({
  codecs: z.array(CodecName).max(64),
  /** Offers telephone-event (RFC 4733). */
  dtmf: z.boolean(),
  /** Offers SRTP, by SDES or DTLS. */
  encrypted: z.boolean(),
});
export type Offer = z.infer<typeof Offer>;

/** A trunk's INVITE was accepted as a call. Decision-critical: `expiresAt` is the deadline of the decision. */
export const CallReceived = callEvent('call.received', {
  trunk: z.string(),
  from: Party,
  to: Party,
  sipCallId: z.string().max(1024),
  source: z.object({ address: z.string(), port: z.int(), transport: z.string() }),
  offer: Offer.optional(),
  /** The caller asks not to be shown to the callee (RFC 3323): the target does not learn `from`. */
  hidden: z.boolean().optional(),
  /** This is the leg of that call, of another edge, to a user who is registered here: nothing is left to decide. */
  continues: Ulid.optional(),
  /** Headers of the INVITE that the trunk's `passIn` lets in, by name. */
  headers: z.record(z.string().max(64), z.string().max(1024)).optional(),
});
export type CallReceived = z.infer<typeof CallReceived>;

/** Where a decision came from: a Lambda in time, the edge's own snapshot, neither, or the edge that handed the call over. */
const DecisionSource = z.enum(['live', 'snapshot', 'default', 'handover']);

/** The call knows where to go, or that it goes nowhere (`refused`). */
export const CallRouted = callEvent('call.routed', {
  source: DecisionSource,
  /** From call.received to the decision applied, ms. */
  waitMs: z.number().nonnegative(),
  configVersion: z.int().nonnegative(),
  agent: z.string().optional(),
  targets: z.array(z.object({ id: z.string(), uri: SipUri })),
  refused: TerminationReason.optional(),
});

export const CallRinging = callEvent('call.ringing', { target: z.string(), sipStatus: SipStatus });

/** A target answered provisionally with SDP: the caller hears it. */
export const CallEarlyMedia = callEvent('call.early-media', { target: z.string(), sipStatus: SipStatus });

export const CallAttemptFailed = callEvent('call.attempt-failed', {
  target: z.string(),
  reason: TerminationReason,
  sipStatus: SipStatus,
  /** Of the carrier that was called; absent for a target of an agent. */
  trunk: z.string().optional(),
  /** Where the INVITE went, `HOST:PORT;transport=T`; absent where none was sent. */
  server: z.string().max(300).optional(),
  /** Who failed and how, in words for a reader. */
  detail: z.string().max(512).optional(),
  durationMs: z.number().nonnegative(),
  /** Whether another target, or another server of this one, is tried now. */
  tryingNext: z.boolean(),
});

export const CallAnswered = callEvent('call.answered', {
  target: z.string(),
  /** Of the carrier that was called; absent for a target of an agent. */
  trunk: z.string().optional(),
  /** INVITE received to 200 sent, ms, and the part of it that waited for the decision. */
  setupMs: z.number().nonnegative(),
  decisionMs: z.number().nonnegative(),
  codecs: z.object({ a: CodecName.nullable(), b: CodecName.nullable() }),
  transcoded: z.boolean(),
  negotiation: Negotiation.optional(),
  /** The collection of digits that the agent asks for; absent: none. */
  collect: z.string().max(64).optional(),
});

/**
 * What one leg's RTP looked like, as received by rtpengine from that side.
 * `lossPercent`, `jitterMs` (RFC 3550 §6.4.1) and `mos` (ITU-T G.107) are null where nothing measured them.
 */
export const LegMedia = z.object({
  packets: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  codec: CodecName.nullable(),
  lossPercent: z.number().min(0).max(100).nullable(),
  jitterMs: z.number().nonnegative().nullable(),
  mos: z.number().min(1).max(5).nullable(),
  /** Share of the audio packets that came so late that a phone has played on; absent where no packets were captured. */
  latePercent: z.number().min(0).max(100).optional(),
  /** Where the three come from: packets captured at rtpengine, or RTCP reports. */
  measuredBy: z.enum(['capture', 'rtcp']).nullable(),
});
export type LegMedia = z.infer<typeof LegMedia>;

/**
 * Digits of both sides. `gap`: not delivered though they should have been. What was pressed before the answer, or was
 * collected in secret, is received and not owed to anybody.
 */
const DigitCount = z.object({
  received: z.int().nonnegative(),
  delivered: z.int().nonnegative(),
  gap: z.int().nonnegative().default(0),
});
export type DigitCount = z.infer<typeof DigitCount>;

/** The call is over. The edge says so with `seq`; the reaper, for an edge that is gone, without. */
export const CallEnded = sharedEvent('call.ended', {
  reason: TerminationReason,
  blame: Blame,
  sipStatus: SipStatus,
  /** INVITE received to the end, ms. */
  durationMs: z.number().nonnegative(),
  /** Answered to the end, ms; 0 if never answered. */
  talkMs: z.number().nonnegative(),
  media: z.object({ a: LegMedia, b: LegMedia }).nullable(),
  digits: DigitCount,
  /** Free text for the on-call engineer; never holds a secret. */
  detail: z.string().max(512).optional(),
});
export type CallEnded = z.infer<typeof CallEnded>;
