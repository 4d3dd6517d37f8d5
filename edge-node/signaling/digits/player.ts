import type { LegName } from '../../../contracts/events/call.ts';
import type { DigitGap } from '../../../contracts/events/dtmf.ts';
import type { SeenDigit } from '../../ports.ts';
import type { Call } from '../call.ts';
import { otherLeg } from './ledger.ts';

/** rtpengine plays no shorter ones, and leaves no shorter silence between them, ms. */
const SHORTEST_MS = 100;
/** For what rtpengine reports of our own digits: it does so before it answers that it will play them. */
const REPORTED_WITHIN_MS = 500;

/** For a few packets to come, ms: what is played before is heard by nobody. */
const PREPARED_MS = 150;

interface OwnDigit {
  readonly from: LegName;
  readonly digit: string;
  readonly durationMs: number;
}

/** Puts digits into the streams of a call, and knows them again when rtpengine reports them as if somebody had pressed them. */
export class DigitPlayer {
  readonly #call: Call;
  readonly #own = new Set<OwnDigit>();

  constructor(call: Call) {
    this.#call = call;
  }

  /** Undefined: `to` has heard it. Takes as long as the digit and its pause last. */
  async play(digit: string, to: LegName, duration: number, gap = SHORTEST_MS): Promise<DigitGap | undefined> {
    const { media, context } = this.#call;
    const from = otherLeg(to);
    const durationMs = Math.max(duration, SHORTEST_MS);
    const own = { from, digit, durationMs };
    this.#own.add(own);
    try {
      if (!media) return 'not-played';
      if (await media.digits.prepare()) await this.pause(PREPARED_MS);
      const before = (await media.heard())[from].packets;
      await media.digits.play(digit, durationMs, from);
      await this.pause(durationMs + Math.max(gap, SHORTEST_MS));
      // It goes out in place of the audio of the other side: without that, it waits in rtpengine.
      return (await media.heard())[from].packets > before ? undefined : 'no-stream';
    } catch (error) {
      context.logger.warn({ callId: this.#call.id, leg: to, err: error }, 'a digit was not played');
      return 'not-played';
    } finally {
      if (!this.#call.isOver) this.#call.after(REPORTED_WITHIN_MS, () => this.#own.delete(own));
    }
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#call.after(ms, resolve));
  }

  /** Whether this report is of a digit of ours; each is reported once at most. */
  recognizes({ leg, digit, durationMs }: SeenDigit): boolean {
    const own = [...this.#own].find(
      // Reported in whole units of the codec's clock, which makes it up to 5 % shorter.
      (one) => one.from === leg && one.digit === digit && near(durationMs, one.durationMs),
    );
    return own !== undefined && this.#own.delete(own);
  }
}

const near = (reported: number, asked: number) => reported <= asked && reported >= asked * 0.9;
