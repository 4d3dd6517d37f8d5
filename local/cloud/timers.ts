/** Time as the local cloud sees it, so that a test can let hours pass at once. */
export interface Timers {
  /** Epoch, ms. */
  now(): number;
  /** Calls back once; the function returned calls it off. */
  after(ms: number, then: () => void): () => void;
}

export const systemTimers: Timers = {
  now: () => Date.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

export interface Pauses {
  /** True after `ms`; false if all pauses were ended before. */
  pause(ms: number): Promise<boolean>;
  end(): void;
}

/** Pauses of one owner, which end with it. */
export function createPauses(timers: Timers): Pauses {
  const open = new Set<() => void>();
  let ended = false;
  return {
    pause: (ms) =>
      new Promise((resolve) => {
        if (ended) return resolve(false);
        const finish = (passed: boolean) => {
          callOff();
          open.delete(cut);
          resolve(passed);
        };
        const cut = () => finish(false);
        const callOff = timers.after(ms, () => finish(true));
        open.add(cut);
      }),
    end() {
      ended = true;
      for (const cut of [...open]) cut();
    },
  };
}
