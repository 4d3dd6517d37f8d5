import type { LegName } from '../../../contracts/events/call.ts';
import type { Call } from '../call.ts';

/**
 * How long the gate stays closed after the last digit, ms: its end packet comes three times (RFC 4733 §2.5.1.4), up to a frame of
 * 60 ms apart, and rtpengine tells of the first.
 */
const LINGER_MS = 500;

/** Keeps the digits of a side from the other one, from the bus and from whatever is written down. */
export class SecretGate {
  readonly #call: Call;
  /** Closed gates; the function keeps one from opening soon. */
  readonly #closed = new Map<LegName, () => void>();
  /** Whether the digits of a side stay withheld when the gate opens. */
  readonly #staysWithheld: (leg: LegName) => boolean;

  constructor(call: Call, staysWithheld: (leg: LegName) => boolean) {
    this.#call = call;
    this.#staysWithheld = staysWithheld;
  }

  isClosed(leg: LegName): boolean {
    return this.#closed.has(leg);
  }

  /** Closed for us at once, and for the other side when this resolves. Rejects, and is open, where rtpengine does not do it. */
  async close(leg: LegName): Promise<void> {
    const { media } = this.#call;
    this.#closed.get(leg)?.();
    this.#closed.set(leg, () => {});
    try {
      if (!media) throw new Error('the call has no media');
      await media.digits.withhold(leg, 'secret');
    } catch (error) {
      this.#closed.delete(leg);
      throw error;
    }
  }

  openSoon(leg: LegName): void {
    const stop = this.#call.after(LINGER_MS, () => void this.#open(leg));
    this.#closed.set(leg, stop);
  }

  async #open(leg: LegName): Promise<void> {
    this.#closed.delete(leg);
    if (this.#staysWithheld(leg)) return;
    const { media, context, id } = this.#call;
    await media?.digits.release(leg).catch((error: unknown) => {
      context.logger.warn({ callId: id, leg, err: error }, 'digits stay withheld after a secret collection');
    });
  }
}
