import type { LegName } from '../../../contracts/events/call.ts';
import type { MediaOffer, MediaSession } from '../../ports.ts';
import type { Call } from '../call.ts';

/** The media of a call while its first party is being called. */
export interface FirstLegMedia extends MediaSession {
  /** The last offer that went out. */
  readonly told: string;
}

/**
 * Who is called first is leg a, though the offer is ours: the legs change places. Each offer gets a session of its own at
 * rtpengine, for the one before may have left keys and ports of a target that failed.
 */
export function firstLegMedia(call: Call): FirstLegMedia {
  const begin = () => call.context.media.session(call.id);
  const current = () => {
    if (!call.media) throw new Error('the call has no media');
    return call.media;
  };
  let told = '';
  return {
    ...begin(),
    get told() {
      return told;
    },
    async offer(offer) {
      await call.media?.end();
      call.media = begin();
      told = await call.media.offer(exchanged(offer));
      return told;
    },
    answer: async (sdp, from) => current().answer(sdp, other(from)),
    end: async () => undefined,
  };
}

const other = (leg: LegName): LegName => (leg === 'a' ? 'b' : 'a');

/** The legs have changed places. */
export const exchanged = ({ from, ptime, inBand, ...offer }: MediaOffer): MediaOffer => ({
  ...offer,
  from: other(from),
  ...(ptime ? { ptime: exchangedLegs(ptime) } : {}),
  ...(inBand ? { inBand: exchangedLegs(inBand) } : {}),
});

const exchangedLegs = <T>({ a, b }: { readonly [leg in LegName]?: T }): { [leg in LegName]?: T } => ({
  ...(b === undefined ? {} : { a: b }),
  ...(a === undefined ? {} : { b: a }),
});
