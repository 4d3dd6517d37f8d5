import * as z from 'zod';
import { AgentFault } from '../agent-media/session.ts';
import { callEvent, Ulid } from '../envelope.ts';
import { LegMedia, LegName } from './call.ts';

/** RTP was seen from both sides. `afterMs` counts from call.answered. */
export const MediaStarted = callEvent('media.started', { afterMs: z.number().nonnegative() });

/** Totals of both legs so far, for calls that last longer than the policy's `qualityEverySeconds`. */
export const MediaQuality = callEvent('media.quality', { a: LegMedia, b: LegMedia });

/** No RTP has come from a side, or from both, for as long as the policy allows. */
export const MediaTimeout = callEvent('media.timeout', {
  leg: z.enum(['a', 'b', 'both']),
  silentMs: z.number().nonnegative(),
  /** What was done: the call was ended, or this was all. */
  action: z.enum(['hangup', 'report']),
});

/** Audio comes from one side only; `leg` is the silent one. */
export const MediaOneWay = callEvent('media.one-way', { leg: LegName, silentMs: z.number().nonnegative() });

/** A side that was reported as silent is heard again; `silentMs`: for how long it was not. */
export const MediaResumed = callEvent('media.resumed', { leg: LegName, silentMs: z.number().nonnegative() });

/** A recording has been played, all of it (`finished`) or until something ended it; not said where the call ended first. */
export const MediaPlayed = callEvent('media.played', {
  commandId: Ulid,
  file: z.string().max(128),
  to: z.enum(['a', 'b', 'both']),
  playedMs: z.number().nonnegative(),
  ended: z.enum(['finished', 'stopped', 'replaced']),
});

/** A side does not send what was agreed with it. */
export const MediaContractBroken = callEvent('media.contract-broken', {
  leg: LegName,
  /** Which of the promises. */
  promise: z.enum(['codec', 'ptime', 'encryption', 'direction']),
  agreed: z.string().max(64),
  found: z.string().max(64),
});

/** The socket of an agent broke; the gateway opens it anew. */
export const MediaAgentDisconnected = callEvent('media.agent-disconnected', {
  leg: LegName,
  /** Of the close (RFC 6455 section 7.4). */
  code: z.int().min(1_000).max(4_999),
  reason: z.string().max(256),
});

/** An attempt to open it failed, at first or anew; more follow, or the agent is lost. */
export const MediaAgentAttemptFailed = callEvent('media.agent-attempt-failed', {
  leg: LegName,
  attempt: z.int().positive(),
  fault: AgentFault,
  detail: z.string().max(512),
});

/** It is open again, and the agent knows that it broke. */
export const MediaAgentReconnected = callEvent('media.agent-reconnected', {
  leg: LegName,
  attempt: z.int().positive(),
});

/** An agent is gone for good; targets behind it are called, or the call ends. */
export const MediaAgentLost = callEvent('media.agent-lost', {
  leg: LegName,
  target: z.string(),
  detail: z.string().max(512),
  /** Targets behind it. */
  left: z.int().nonnegative(),
});

/**
 * A side hears a recording of its agent's configuration: it waits for an agent that is away, its agent was lost with nobody
 * behind it, or no target has answered at all. Without `file` it is a ringing tone.
 */
export const MediaPrompted = callEvent('media.prompted', {
  leg: LegName,
  cause: z.enum(['waiting', 'lost', 'unreachable']),
  file: z.string().max(128).optional(),
});

/** Something that an agent said was refused, and did nothing; only the first ones of a socket's session are told. */
export const MediaAgentMessageRefused = callEvent('media.agent-message-refused', {
  leg: LegName,
  /** `unreadable`, `flood`, … as docs/agents.md has them. */
  code: z.string().min(1).max(64),
  /** Names the field and the remedy, never what was said. */
  message: z.string().max(512),
});

/** The caller of an agent over a WebSocket began to speak, or has stopped; only where the target says `speechEvents`. */
export const MediaSpeech = callEvent('media.speech', {
  leg: LegName,
  state: z.enum(['started', 'stopped']),
  /** Of what the agent had said and nobody had heard yet: dropped, because the caller interrupts it. */
  droppedMs: z.number().nonnegative().optional(),
});
