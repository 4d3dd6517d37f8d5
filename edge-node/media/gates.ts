import type { LegName } from '../../contracts/events/call.ts';
import type { NgRequest } from './rtpengine.ts';

type Reason = 'hold' | 'playback';

/** Keeps what one side says from the other, for as long as there is a reason. RFC 4733 digits go through. */
export interface Gates {
  close(leg: LegName, why: Reason): Promise<void>;
  open(leg: LegName, why: Reason): Promise<void>;
  /** Somebody else is on this side now, whom nothing is kept from yet. */
  forget(leg: LegName): void;
}

export function gatesOf(side: (leg: LegName) => Record<string, string>, ng: NgRequest): Gates {
  const reasons: Record<LegName, Set<Reason>> = { a: new Set(), b: new Set() };
  return {
    async close(leg, why) {
      const isOpen = reasons[leg].size === 0;
      reasons[leg].add(why);
      if (isOpen) await ng('blockMedia', side(leg));
    },
    async open(leg, why) {
      if (reasons[leg].delete(why) && reasons[leg].size === 0) await ng('unblockMedia', side(leg));
    },
    forget: (leg) => reasons[leg].clear(),
  };
}
