import type { DigitGap, DigitMode } from '../../../contracts/events/dtmf.ts';
import type { Clock } from '../../ports.ts';
import type { DigitLedger, LedgerDigit } from './ledger.ts';

/**
 * rtpengine reports a key at its end, and an agent's gateway tells at its first packet what became of it: earlier by as long as
 * the key lasted, and by what both took to say so, ms.
 */
const EARLIER_MS = 2_000;

/** Words of the gateway that are kept for a report which has not come. */
const MOST_EARLY = 64;

type Word = { readonly digit: string } & (
  | { readonly taken: true }
  | { readonly taken: false; readonly why: DigitGap }
);

/** Keys that went on to an agent over a WebSocket: each is delivered once its socket has taken it, and not before. */
export class KeysToAgent {
  readonly #ledger: DigitLedger;
  readonly #clock: Clock;
  readonly #expected: { readonly digit: LedgerDigit; readonly mode: DigitMode }[] = [];
  #early: { readonly word: Word; readonly at: number }[] = [];

  constructor(ledger: DigitLedger, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** It is on its way; what becomes of it settles it in the ledger. */
  expect(digit: LedgerDigit, mode: DigitMode): void {
    const earliest = this.#clock.monotonic() - digit.durationMs - EARLIER_MS;
    const index = this.#early.findIndex(({ word, at }) => word.digit === digit.digit && at >= earliest);
    const [found] = index < 0 ? [] : this.#early.splice(index, 1);
    if (found) this.#settle(digit, mode, found.word);
    else this.#expected.push({ digit, mode });
  }

  /** What the gateway says of a key. */
  hear(word: Word): void {
    const index = this.#expected.findIndex(({ digit }) => digit.digit === word.digit);
    const [found] = index < 0 ? [] : this.#expected.splice(index, 1);
    if (found) this.#settle(found.digit, found.mode, word);
    else this.#early = [...this.#early, { word, at: this.#clock.monotonic() }].slice(-MOST_EARLY);
  }

  /** It did not get as far as the gateway. */
  miss(digit: LedgerDigit, why: DigitGap): void {
    const index = this.#expected.findIndex((each) => each.digit.id === digit.id);
    if (index >= 0) this.#expected.splice(index, 1);
    this.#ledger.miss(digit, why);
  }

  /** No socket of the agent takes anything any more. */
  gone(): void {
    for (const { digit } of this.#expected.splice(0)) this.#ledger.miss(digit, 'agent-gone');
    this.#early = [];
  }

  #settle(digit: LedgerDigit, mode: DigitMode, word: Word): void {
    if (word.taken) this.#ledger.deliver(digit, mode);
    else this.#ledger.miss(digit, word.why);
  }
}
