import type { Call, Verdict } from '../call.ts';

/** One step of an INVITE. A verdict ends the call; the steps after it then do not run. */
export type Step = (call: Call) => Verdict | undefined | Promise<Verdict | undefined>;

/** Runs steps one after the other until one ends the call or something else has. */
export const inOrder =
  (...steps: readonly Step[]) =>
  async (call: Call): Promise<void> => {
    for (const step of steps) {
      const verdict = await step(call);
      if (call.isOver) return;
      if (verdict) return call.end(verdict);
    }
  };
