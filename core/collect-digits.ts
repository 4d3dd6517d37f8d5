import type { CollectionRules } from '../contracts/config/collections.ts';
import type { CollectionFault } from '../contracts/events/dtmf.ts';

/**
 * collecting ──terminator, last digit, or a pause where no terminator ends them──▶ complete
 *     │  ▲                                       (they are too short, or do not match: a failed attempt)
 *     │  └── an attempt failed, and there are more ──┐
 *     └── an attempt failed or was too late ─────────┴──▶ timeout | failed
 */
export interface Collecting {
  readonly rules: CollectionRules;
  /** From 1. */
  readonly attempt: number;
  readonly digits: string;
  /** Ids of the digits that were heard: one that is heard again changes nothing. */
  readonly heard: readonly string[];
  /** ms */
  readonly startedAt: number;
  readonly lastAt: number | undefined;
}

export type Collected =
  | { readonly outcome: 'complete'; readonly digits: string; readonly attempts: number }
  | {
      readonly outcome: 'timeout' | 'failed';
      readonly reason: CollectionFault;
      readonly attempts: number;
    };

export type CollectionStep = { readonly next: Collecting } | { readonly over: Collected };

export const startCollecting = (rules: CollectionRules, at: number): Collecting => ({
  rules,
  attempt: 1,
  digits: '',
  heard: [],
  startedAt: at,
  lastAt: undefined,
});

/** When time alone ends the attempt, ms. */
export function dueAt({ rules, startedAt, lastAt }: Collecting): number {
  const whole = startedAt + rules.totalMs;
  return lastAt === undefined ? whole : Math.min(whole, lastAt + rules.interDigitMs);
}

/** A digit came, at `at`. What came after the attempt had ended belongs to the next one. */
export function hearDigit(
  state: Collecting,
  { id, digit }: { readonly id: string; readonly digit: string },
  at: number,
): CollectionStep {
  if (state.heard.includes(id)) return { next: state };
  if (at >= dueAt(state)) {
    const step = passTime(state, at);
    return 'over' in step ? step : hearDigit(step.next, { id, digit }, at);
  }
  const heard = [...state.heard, id];
  if (digit === state.rules.terminator) return judge({ ...state, heard }, at);
  const next = { ...state, heard, digits: state.digits + digit, lastAt: at };
  return next.digits.length >= state.rules.maxLength ? judge(next, at) : { next };
}

/** It is `at` now. */
export function passTime(state: Collecting, at: number): CollectionStep {
  if (at < dueAt(state)) return { next: state };
  const mayBeEnough = state.rules.terminator === undefined && state.digits !== '';
  if (mayBeEnough && faultOf(state) === undefined) return complete(state);
  return fail(state, 'too-late', at);
}

function judge(state: Collecting, at: number): CollectionStep {
  const fault = faultOf(state);
  return fault === undefined ? complete(state) : fail(state, fault, at);
}

const complete = ({ digits, attempt }: Collecting): CollectionStep => ({
  over: { outcome: 'complete', digits, attempts: attempt },
});

function faultOf({ digits, rules }: Collecting): 'too-short' | 'no-match' | undefined {
  if (digits.length < rules.minLength) return 'too-short';
  if (rules.pattern === undefined) return undefined;
  return new RegExp(`^(?:${rules.pattern})$`).test(digits) ? undefined : 'no-match';
}

function fail(state: Collecting, reason: CollectionFault, at: number): CollectionStep {
  const { rules, attempt, heard } = state;
  if (attempt < rules.attempts)
    return { next: { ...startCollecting(rules, at), attempt: attempt + 1, heard } };
  return { over: { outcome: reason === 'too-late' ? 'timeout' : 'failed', reason, attempts: attempt } };
}
