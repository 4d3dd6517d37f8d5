import { MediaError, type MediaOffer, type MediaSession } from '../ports.ts';
import type { Engine } from './engine.ts';
import { createSession, type EngineSession } from './session.ts';

/** What a call needs of the pool. */
export interface EngineChoice {
  /** Engines to try for an offer, the best first; `kept` is where the call is already. */
  inOrder(kept: Engine | undefined): readonly Engine[];
  /** Why there is none. */
  explain(): string;
}

interface Place {
  readonly engine: Engine;
  readonly session: EngineSession;
}

/**
 * The media of one call, wherever in the pool it is. An engine that leaves the offer unanswered, or takes no more calls,
 * gives way to the next until one side has been told an address of it; from then on the call stays there.
 */
export function createPooledSession(callId: string, choice: EngineChoice): MediaSession {
  let here: Place | undefined;
  let isKept = false;
  let isOver = false;

  const moveTo = (engine: Engine): Place => {
    engine.enter(callId);
    const unfreed = () => engine.leave(callId, true);
    return { engine, session: createSession(callId, engine, unfreed) };
  };
  const leave = () => {
    here?.engine.leave(callId, true);
    here = undefined;
  };
  const theSession = (): EngineSession => {
    if (here) return here.session;
    throw new MediaError('refused', 'the call has no rtpengine');
  };

  const offerTo = async (engine: Engine, offer: MediaOffer, isLast: boolean): Promise<string> => {
    if (here?.engine !== engine) {
      leave();
      here = moveTo(engine);
    }
    try {
      const sdp = await here.session.offer(offer, isLast ? engine.request : engine.once);
      engine.placed(callId);
      return sdp;
    } finally {
      // Whoever ended the call has freed it before rtpengine had this offer, it may be.
      if (isOver) engine.leave(callId, true);
    }
  };

  const offerAnywhere = async (offer: MediaOffer): Promise<string> => {
    let failure = new MediaError('refused', choice.explain());
    const engines = choice.inOrder(here?.engine);
    for (const [index, engine] of engines.entries()) {
      try {
        return await offerTo(engine, offer, index + 1 === engines.length);
      } catch (error) {
        if (!(error instanceof MediaError) || error.kind === 'bad-sdp' || isOver) throw error;
        failure = error;
        leave();
      }
    }
    throw failure;
  };

  /** An offer that rtpengine had after the call was freed has begun it anew there. */
  const unlessOver = <T>(asked: Promise<T>): Promise<T> =>
    asked.finally(() => {
      if (isOver) here?.engine.leave(callId, true);
    });

  return {
    offer: async (offer) => (isKept ? theSession().offer(offer) : offerAnywhere(offer)),
    async answer(sdp, from) {
      isKept = true;
      return theSession().answer(sdp, from);
    },
    async answerAlone(offered) {
      isKept = true;
      return theSession().answerAlone(offered);
    },
    reoffer: async (offer) => unlessOver(theSession().reoffer(offer)),
    ...wherever(theSession),
    newcomer: (leg) => {
      const newcomer = theSession().newcomer(leg);
      return {
        ...newcomer,
        offer: (offer) => unlessOver(newcomer.offer(offer)),
        takePlace: (...what) => unlessOver(newcomer.takePlace(...what)),
      };
    },
    async end() {
      isOver = true;
      if (!here) return undefined;
      const { engine, session } = here;
      if (engine.state === 'dead') {
        engine.leave(callId, true);
        return undefined;
      }
      const media = await session.end();
      engine.leave(callId, false);
      return media;
    },
  };
}

/** What a call may ask of the engine that it is at. */
const wherever = (
  session: () => EngineSession,
): Pick<MediaSession, 'digits' | 'playback' | 'hush' | 'totals' | 'heard'> => ({
  digits: {
    prepare: async () => session().digits.prepare(),
    play: async (...press) => session().digits.play(...press),
    withhold: async (...side) => session().digits.withhold(...side),
    release: async (from) => session().digits.release(from),
  },
  playback: {
    play: async (...what) => session().playback.play(...what),
    ring: async (to) => session().playback.ring(to),
    stop: async (to) => session().playback.stop(to),
  },
  hush: async (...side) => session().hush(...side),
  totals: async () => session().totals(),
  heard: async () => session().heard(),
});
