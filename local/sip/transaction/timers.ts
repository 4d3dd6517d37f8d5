/** The timers of RFC 3261 §17 (table 4) and RFC 6026, in milliseconds. */
export interface SipTimers {
  /** round-trip estimate */
  readonly t1: number;
  /** longest pause between retransmissions */
  readonly t2: number;
  /** how long a message may stay in the network */
  readonly t4: number;
  /** 64*T1: how long anything is waited for */
  readonly t1x64: number;
  /** first repetition of an INVITE, doubling */
  readonly a: number;
  /** no response to an INVITE, and no final one to an INVITE that was canceled (§9.1) */
  readonly b: number;
  /** how long a proxy waits for the final response to an INVITE after each provisional one */
  readonly c: number;
  /** a refused INVITE: its refusal may come again */
  readonly d: number;
  /** first repetition of another request, doubling up to T2 */
  readonly e: number;
  /** no final response to another request */
  readonly f: number;
  /** first repetition of our refusal of an INVITE, doubling up to T2 */
  readonly g: number;
  /** no ACK for our refusal */
  readonly h: number;
  /** that ACK may come again */
  readonly i: number;
  /** another request may come again */
  readonly j: number;
  /** the response to another request may come again */
  readonly k: number;
  /** an accepted INVITE may come again (RFC 6026 §8.1) */
  readonly l: number;
  /** further 2xx to an INVITE may come (RFC 6026 §8.1) */
  readonly m: number;
  /** an application has said nothing to an INVITE: it never will */
  readonly silence: number;
}

/** RFC 3261's own where not chosen: a base timer chosen changes those made from it. */
export function sipTimers(chosen: Partial<SipTimers> = {}): SipTimers {
  const t1 = chosen.t1 ?? 500;
  const base = { t1, t2: chosen.t2 ?? 4_000, t4: chosen.t4 ?? 5_000, t1x64: chosen.t1x64 ?? 64 * t1 };
  const { t4, t1x64: all } = base;
  const c = 185_000; // more than 3 minutes, §16.6 step 11
  const made = {
    a: t1,
    b: all,
    c,
    d: all,
    e: t1,
    f: all,
    g: t1,
    h: all,
    i: t4,
    j: all,
    k: t4,
    l: all,
    m: all,
    silence: 2 * all,
  };
  return { ...base, ...made, ...chosen };
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
