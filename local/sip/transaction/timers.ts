/** The base timers of RFC 3261 §17 (table 4), in milliseconds. Every other timer is made from them. */
export interface SipTimers {
  /** round-trip estimate: first retransmission */
  readonly t1: number;
  /** longest pause between retransmissions */
  readonly t2: number;
  /** how long a message may stay in the network */
  readonly t4: number;
  /** 64*T1: timers B, D, F, H, J, L and M; how long anything is waited for */
  readonly t1x64: number;
  /** timer C: how long a proxy waits for the final response to an INVITE after each provisional one */
  readonly c: number;
}

export function sipTimers(chosen: Partial<SipTimers> = {}): SipTimers {
  const t1 = chosen.t1 ?? 500;
  return {
    t1,
    t2: chosen.t2 ?? 4_000,
    t4: chosen.t4 ?? 5_000,
    t1x64: chosen.t1x64 ?? 64 * t1,
    c: chosen.c ?? 185_000, // more than 3 minutes, §16.6 step 11
  };
}

/**
 * At most one retransmission and one deadline run at a time in any state of any transaction.
 * The sockets keep the process alive, the timers need not.
 */
export class TransactionClock {
  #retransmit: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;

  retransmitIn(ms: number, act: () => void): void {
    clearTimeout(this.#retransmit);
    this.#retransmit = setTimeout(act, ms).unref();
  }

  deadlineIn(ms: number, act: () => void): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(act, ms).unref();
  }

  stopRetransmitting(): void {
    clearTimeout(this.#retransmit);
    this.#retransmit = undefined;
  }

  stop(): void {
    this.stopRetransmitting();
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }
}
