import type { DigitGap } from '../contracts/events/dtmf.ts';

/** A digit by its id; its two events may come in any order. */
export interface DigitState {
  /** Absent where it was collected in secret. */
  readonly digit?: string;
  /** Where it was pressed. */
  readonly leg: 'a' | 'b';
  readonly receivedSeq?: number;
  readonly deliveredSeq?: number;
  /** Why it was not delivered. */
  readonly gap?: DigitGap;
}

export type Digits = Readonly<Record<string, DigitState>>;

/**
 * A record in DynamoDB ends at 400 KB, and a caller can press keys for hours: the state keeps the first digits only.
 * All of them stand in the call's events.
 */
export const digitsKept = 128;

/** Ids are ULIDs, so the lowest are the oldest: which ones are kept does not depend on the order of arrival. */
export function withDigit(digits: Digits, id: string, digit: DigitState): Digits {
  const all = { ...digits, [id]: { ...digits[id], ...digit } };
  const ids = Object.keys(all);
  if (ids.length <= digitsKept) return all;
  const { [ids.sort().at(-1) ?? id]: _newest, ...kept } = all;
  return kept;
}

/** The digits that one leg sent, in the order in which they were pressed; `?` for one that was collected in secret. */
export function digitsOf(
  { digits }: { readonly digits: Digits },
  leg: 'a' | 'b',
  stage: 'received' | 'delivered' = 'received',
): string {
  const pressed = ({ receivedSeq, deliveredSeq }: DigitState) => receivedSeq ?? deliveredSeq ?? 0;
  return Object.values(digits)
    .filter((digit) => digit.leg === leg && digit[`${stage}Seq`] !== undefined)
    .sort((one, other) => pressed(one) - pressed(other))
    .map(({ digit }) => digit ?? '?')
    .join('');
}
