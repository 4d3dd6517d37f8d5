interface Planned {
  readonly at: number;
  readonly order: number;
  readonly act: () => unknown;
}

/** Time that stands still until somebody lets it pass, ms since 1970. */
export interface VirtualTime {
  now(): number;
  /** `act` happens once `ms` have passed; what it returns is waited for. The answer takes it back. */
  after(ms: number, act: () => unknown): () => void;
  /** Lets `ms` pass: what is planned in them happens in its order, and what that plans, too. */
  pass(ms: number): Promise<void>;
}

export function startTime(at: number): VirtualTime {
  let [now, planned] = [at, 0];
  const agenda = new Set<Planned>();
  const next = (until: number): Planned | undefined =>
    [...agenda].filter((each) => each.at <= until).sort((a, b) => a.at - b.at || a.order - b.order)[0];
  return {
    now: () => now,
    after(ms, act) {
      const entry = { at: now + Math.max(0, ms), order: planned++, act };
      agenda.add(entry);
      return () => void agenda.delete(entry);
    },
    async pass(ms) {
      const until = now + ms;
      for (let due = next(until); due; due = next(until)) {
        agenda.delete(due);
        now = due.at;
        await due.act();
      }
      now = until;
    },
  };
}
