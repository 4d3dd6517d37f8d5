import type { DigitCount, LegName } from '../../../contracts/events/call.ts';
import type { DigitGap, DigitMode } from '../../../contracts/events/dtmf.ts';
import type { Clock, SayOfCall } from '../../ports.ts';

export interface PressedDigit {
  readonly leg: LegName;
  readonly digit: string;
  readonly durationMs: number;
  readonly mode: DigitMode;
}

/** A digit that came in from `leg`, or that a command asked for in its place. */
export interface LedgerDigit extends Omit<PressedDigit, 'mode'> {
  readonly id: string;
  readonly commandId?: string;
}

interface LedgerParts {
  readonly say: SayOfCall;
  readonly clock: Clock;
  /** Of a leg; undefined for an agent. */
  readonly trunkOf: (leg: LegName) => string | undefined;
}

export const otherLeg = (leg: LegName): LegName => (leg === 'a' ? 'b' : 'a');

/**
 * What became of every digit of one call. A digit that is owed to the other side is delivered or missed, once; what is still
 * owed when the call ends is missed. So received = delivered + gap + those that were never owed.
 */
export class DigitLedger {
  readonly #count: { -readonly [K in keyof DigitCount]: number } = { received: 0, delivered: 0, gap: 0 };
  readonly #owed = new Map<string, LedgerDigit>();
  readonly #parts: LedgerParts;

  constructor(parts: LedgerParts) {
    this.#parts = parts;
  }

  get count(): DigitCount {
    return { ...this.#count };
  }

  /** `secret`: nobody hears which digit it was. */
  receive(pressed: PressedDigit, secret = false): LedgerDigit {
    const id = this.#parts.clock.newId();
    const { leg, digit, durationMs, mode } = pressed;
    this.#count.received += 1;
    const key = secret ? {} : { digit };
    this.#parts.say('dtmf.received', { ...this.#at(id, leg), ...key, durationMs, mode });
    return { ...pressed, id };
  }

  owe(digit: LedgerDigit): LedgerDigit {
    this.#owed.set(digit.id, digit);
    return digit;
  }

  deliver(digit: LedgerDigit, mode: DigitMode): void {
    if (this.#settle(digit, 'delivered')) this.#parts.say('dtmf.delivered', { ...this.#gone(digit), mode });
  }

  miss(digit: LedgerDigit, reason: DigitGap): void {
    if (this.#settle(digit, 'gap')) this.#parts.say('dtmf.delivery-gap', { ...this.#gone(digit), reason });
  }

  /** What a command asked for was never received, so it does not count. */
  #settle({ id, commandId }: LedgerDigit, as: 'delivered' | 'gap'): boolean {
    const isOwed = this.#owed.delete(id);
    if (isOwed && commandId === undefined) this.#count[as] += 1;
    return isOwed;
  }

  #gone({ id, digit, leg, commandId }: LedgerDigit) {
    return { ...this.#at(id, otherLeg(leg)), digit, ...(commandId === undefined ? {} : { commandId }) };
  }

  /** The call says its last word next. */
  close(): void {
    for (const digit of this.#owed.values()) this.miss(digit, 'call-ended');
  }

  #at(digitId: string, leg: LegName) {
    const trunk = this.#parts.trunkOf(leg);
    const atMs = Math.round(this.#parts.clock.monotonic() * 1000) / 1000;
    return { digitId, leg, atMs, ...(trunk === undefined ? {} : { trunk }) };
  }
}
