import type { LegName } from '../../contracts/events/call.ts';
import type { MediaOffer } from '../ports.ts';
import { eventTypeIn, withEvents, withoutEvents } from './event-types.ts';

/** What the two sides of a call say of telephone-event, what rtpengine hears of it, and what they are told. */
export interface EventMemory {
  /** What a side said last, as rtpengine heard it. */
  last(leg: LegName): string | undefined;
  /** A side says this; gives what rtpengine is to hear. */
  heard(leg: LegName, sdp: string, as: 'offer' | 'answer'): string;
  /** rtpengine has this for a side; gives what it is told. */
  told(leg: LegName, sdp: string): string;
}

export function createEventMemory(wishes: () => Pick<MediaOffer, 'inBand' | 'byInfo'>): EventMemory {
  const said: Partial<Record<LegName, string>> = {};
  /** Payload type that each side was told last. */
  const types: Partial<Record<LegName, number>> = {};
  /** Sides that offered without it, and must not be answered with it (RFC 3264 §6.1). */
  const lacking = new Set<LegName>();
  const believed = (leg: LegName, sdp: string, as: 'offer' | 'answer') => {
    if (wishes().inBand?.[leg]) return withoutEvents(sdp);
    lacking.delete(leg);
    if (!wishes().byInfo?.[leg] || eventTypeIn(sdp) !== undefined) return sdp;
    if (as === 'offer') {
      lacking.add(leg);
      return withEvents(sdp);
    }
    const type = types[leg];
    return type === undefined ? sdp : withEvents(sdp, type);
  };
  return {
    last: (leg) => said[leg],
    heard(leg, sdp, as) {
      const believable = believed(leg, sdp, as);
      said[leg] = believable;
      return believable;
    },
    told(leg, sdp) {
      const type = eventTypeIn(sdp);
      if (type !== undefined) types[leg] = type;
      return wishes().inBand?.[leg] || lacking.has(leg) ? withoutEvents(sdp) : sdp;
    },
  };
}
