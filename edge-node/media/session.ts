import type { LegName } from '../../contracts/events/call.ts';
import { type CallMedia, MediaError, type MediaOffer, type MediaSession } from '../ports.ts';
import type { CaptureReader } from './capture.ts';
import { createEventMemory } from './event-memory.ts';
import { gatesOf } from './gates.ts';
import { newcomerOf, type SessionState } from './newcomer.ts';
import type { NgReply } from './ng-reply.ts';
import { codecsOf, flagsOf, framesOf, SDES, sdpOf, shape, transportIn, transports } from './offer-words.ts';
import { playbackOf } from './playback.ts';
import type { NgRequest } from './rtpengine.ts';
import { LISTEN_FOR_TONES, sessionDigits } from './session-digits.ts';
import { heardOf, tagOf, totalsOf } from './totals.ts';

interface SessionEngine {
  readonly request: NgRequest;
  /** For what must not be done twice. */
  readonly once: NgRequest;
  readonly captures: CaptureReader | undefined;
}

export interface EngineSession extends MediaSession {
  /** `ask`: instead of asking again where rtpengine stays silent. */
  offer(offer: MediaOffer, ask?: NgRequest): Promise<string>;
}

/**
 * The media of one call at one rtpengine, under *our* call id: SIP Call-IDs may hold quotes, which rtpengine's DTMF log
 * does not escape. `onUnfreed` is told where rtpengine did not say that the call is gone.
 */
export function createSession(
  callId: string,
  { request: ng, once, captures }: SessionEngine,
  onUnfreed: () => void,
): EngineSession {
  const id = { 'call-id': callId };
  const state: SessionState = {
    ...{ tags: { a: 'a', b: 'b0' }, offerer: 'a', wishes: {}, speaks: { a: 'plain', b: 'plain' } },
    events: createEventMemory(() => state.wishes),
  };
  /** How many have been called in the place of each side. */
  const called: Record<LegName, number> = { a: 0, b: 0 };
  let capturing = false;
  /** What is offered from now on changes a call that has been answered. */
  let isUp = false;
  let looking: Promise<void> | undefined;
  const { speaks } = state;
  const side = (leg: LegName) => ({ ...id, 'from-tag': state.tags[leg] });
  const between = (from: LegName) => ({ 'from-tag': state.tags[from], 'to-tag': state.tags[otherLeg(from)] });
  const gates = gatesOf(side, ng);
  const inBand = (leg: LegName) => state.wishes.inBand?.[leg] === true;
  const flags = (latched: boolean) => flagsOf(latched, looking !== undefined);
  /** Afterwards rtpengine lets go of what is withheld. */
  const listenForTones = async () => {
    for (const leg of ['a', 'b'] as const)
      if (inBand(leg)) await ng('unblockDTMF', { ...side(leg), ...LISTEN_FOR_TONES });
  };

  /** Both sides say again what they said, and hear nothing of it. */
  const sayAgain = async (from: LegName, looksIn: boolean, latched: boolean): Promise<NgReply> => {
    const to = otherLeg(from);
    const [offer, answer] = [state.events.last(from), state.events.last(to)];
    if (offer === undefined || answer === undefined)
      throw new MediaError('refused', 'the call is not answered');
    const { wishes } = state;
    const tags = between(from);
    const asked = { ...transports[speaks[to]], ...framesOf(wishes, from), ...codecsOf(wishes, from) };
    await ng('offer', { ...id, ...shape, ...asked, ...tags, ...flagsOf(true, looksIn), sdp: offer });
    return ng('answer', { ...id, ...shape, SDES, ...tags, ...flagsOf(latched, looksIn), sdp: answer });
  };
  /** rtpengine sees each packet from then on. */
  const lookIn = async () => void (await sayAgain(state.offerer, true, false));

  return {
    async offer(offer, ask = ng) {
      if (offer.from === 'a' || called.b === 0) {
        called.b += 1;
        state.tags = { ...state.tags, b: tagOf('b', called.b) };
      }
      state.offerer = offer.from;
      const to = otherLeg(offer.from);
      state.wishes = offer;
      Object.assign(speaks, { [offer.from]: transportIn(offer.sdp), [to]: offer.keying ?? 'plain' });
      capturing ||= offer.capture === true && captures !== undefined;
      const reply = await ask('offer', {
        ...id,
        ...shape,
        ...transports[speaks[to]],
        // Without the tag of its own the next target would be offered the keys of the one before.
        ...between(offer.from),
        ...framesOf(offer, offer.from),
        ...flags(called.b > 1),
        ...codecsOf(offer, offer.from),
        ...(capturing ? { 'record call': 'yes' } : {}),
        sdp: state.events.heard(offer.from, offer.sdp, 'offer'),
      });
      return state.events.told(to, sdpOf(reply));
    },
    async answer(sdp, from) {
      const latched = !isUp && called.b > 1;
      const asked = { SDES, ...between(state.offerer), ...flags(latched) };
      const heard = state.events.heard(from, sdp, 'answer');
      const reply = await ng('answer', { ...id, ...shape, ...asked, sdp: heard });
      if (!isUp) await listenForTones();
      return state.events.told(state.offerer, sdpOf(reply));
    },
    async reoffer({ sdp, from, codecs, ptime }) {
      const to = otherLeg(from);
      state.offerer = from;
      isUp = true;
      if (codecs) state.wishes = { ...state.wishes, codecs };
      if (ptime) state.wishes = { ...state.wishes, ptime: { ...state.wishes.ptime, ...ptime } };
      speaks[from] = transportIn(sdp);
      const reply = await ng('offer', {
        ...id,
        ...shape,
        ...transports[speaks[to]],
        ...between(from),
        ...framesOf(state.wishes, from),
        // Without port-latching a new address on this side would move our port on the other side too.
        ...flags(true),
        ...codecsOf(state.wishes, from),
        sdp: state.events.heard(from, sdp, 'offer'),
      });
      return state.events.told(to, sdpOf(reply));
    },
    digits: sessionDigits({
      ...{ request: ng, once, side, inBand },
      async stopCapture() {
        if (!capturing) return;
        await ng('stopRecording', id);
        capturing = false;
        await captures?.discard(callId);
      },
      async lookIn() {
        if (looking) return looking.then(() => false);
        looking = lookIn().catch((error: unknown) => {
          looking = undefined;
          throw error;
        });
        return looking.then(() => true);
      },
    }),
    playback: playbackOf(side, ng, gates),
    hush: (leg, isHushed) => (isHushed ? gates.close(leg, 'hold') : gates.open(leg, 'hold')),
    totals: async () => totalsOf(await ng('query', id), state.tags),
    heard: async () => heardOf(await ng('query', id), state.tags),
    newcomer: (leg) =>
      newcomerOf(leg, {
        ...{ id, state, ng, gates, listenForTones },
        nextTag: () => {
          called[leg] += 1;
          return tagOf(leg, called[leg]);
        },
        async sayAgain(from) {
          isUp = true;
          return sdpOf(await sayAgain(from, looking !== undefined, true));
        },
      }),
    async end() {
      if (called.b === 0) return undefined;
      // Only a delete that names a tag is answered with the totals.
      const reply = await ng('delete', side(state.offerer)).catch(() => undefined);
      if (!reply) onUnfreed();
      else if (reply.warning && capturing) await captures?.discard(callId);
      if (!reply || reply.warning) return undefined;
      const totals: CallMedia = totalsOf(reply, state.tags);
      return capturing && captures ? captures.measure(callId, reply, state.tags, totals) : totals;
    },
  };
}

const otherLeg = (leg: LegName): LegName => (leg === 'a' ? 'b' : 'a');
