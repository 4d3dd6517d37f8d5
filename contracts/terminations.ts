import * as z from 'zod';

/** Why a call, or one attempt to reach a target, ended. Each has exactly one row in core/terminations.ts. */
export const terminationReasons = [
  'caller-hangup',
  'caller-cancelled',
  'caller-unreachable',
  'malformed-request',
  'unknown-source',
  'authentication-required',
  'authentication-failed',
  'unknown-number',
  'no-common-codec',
  'encryption-required',
  'callee-hangup',
  'callee-busy',
  'callee-declined',
  'callee-rejected',
  'no-answer',
  'target-timeout',
  'target-unavailable',
  'target-error',
  'target-bad-media',
  'target-refused-credentials',
  'decision-late',
  'edge-draining',
  'edge-overloaded',
  'edge-not-ready',
  'secret-missing',
  'edge-lost',
  'media-unavailable',
  'media-lost',
  'media-timeout',
  'media-engine-lost',
  'sip-server-lost',
  'internal-error',
  'rejected-by-route',
  'rejected-by-command',
  'hung-up-by-command',
  'destination-denied',
  'trunk-limit',
  'spend-limit',
  'session-expired',
  'max-duration',
  'transferred',
] as const;

export const TerminationReason = z.enum(terminationReasons);
export type TerminationReason = z.infer<typeof TerminationReason>;

/** Who must act to make such an end rarer. */
export const Blame = z.enum(['caller', 'callee', 'upstream', 'platform', 'policy']);
export type Blame = z.infer<typeof Blame>;
