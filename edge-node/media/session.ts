import type { LegName } from '../../contracts/events/call.ts';
import { type CallMedia, MediaError, type MediaOffer, type MediaSession } from '../ports.ts';
import type { CaptureReader } from './capture.ts';
import { createEventMemory } from './event-memory.ts';
import { type Gates, gatesOf } from './gates.ts';
import { newcomerOf, type SessionState, standIn } from './newcomer.ts';
import type { NgReply } from './ng-reply.ts';
import {
  codecsOf,
  directionOf,
  flagsOf,
  framesOf,
  type Interfaces,
  SDES,
  sdpOf,
  shape,
  transportIn,
  transports,
} from './offer-words.ts';
import { playbackOf } from './playback.ts';
import type { NgRequest } from './rtpengine.ts';
import { LISTEN_FOR_TONES, sessionDigits } from './session-digits.ts';
import { heardOf, tagOf, totalsOf } from './totals.ts';

interface SessionEngine {
  readonly request: NgRequest;
  /** For what must not be done twice. */
  readonly once: NgRequest;
  readonly captures: CaptureReader | undefined;
  readonly interfaces?: Interfaces | undefined;
}

export interface EngineSession extends MediaSession {
  /** `ask`: instead of asking again where rtpengine stays silent. */
  offer(offer: MediaOffer, ask?: NgRequest): Promise<string>;
}

/**
 * The media of one call at one rtpengine, under *our* call id: SIP Call-IDs may hold quotes, which rtpengine's DTMF log
 * does not escape. `onUnfreed` is told where rtpengine did not say that the call is gone.
 */
export const createSession = (callId: string, engine: SessionEngine, onUnfreed: () => void): EngineSession =>
  new OneEngineSession(callId, engine, onUnfreed);

class OneEngineSession implements EngineSession {
  readonly digits: MediaSession['digits'];
  readonly playback: MediaSession['playback'];
  readonly #engine: SessionEngine;
  readonly #onUnfreed: () => void;
  readonly #id: { readonly 'call-id': string };
  readonly #state: SessionState = {
    ...{
      tags: { a: 'a', b: 'b0' },
      offerer: 'a',
      wishes: {},
      speaks: { a: 'plain', b: 'plain' },
      inside: { a: false, b: false },
      coming: new Set(),
    },
    events: createEventMemory(() => this.#state.wishes),
  };
  /** How many have been called in the place of each side. */
  readonly #called: Record<LegName, number> = { a: 0, b: 0 };
  readonly #gates: Gates;
  #capturing = false;
  /** What is offered from now on changes a call that has been answered. */
  #isUp = false;
  #looking: Promise<void> | undefined;

  constructor(callId: string, engine: SessionEngine, onUnfreed: () => void) {
    this.#engine = engine;
    this.#onUnfreed = onUnfreed;
    this.#id = { 'call-id': callId };
    const side = (leg: LegName) => this.#side(leg);
    this.#gates = gatesOf(side, engine.request);
    this.playback = playbackOf(side, engine.request, this.#gates);
    this.digits = sessionDigits({
      ...{ request: engine.request, once: engine.once, side },
      inBand: (leg) => this.#isInBand(leg),
      stopCapture: () => this.#stopCapture(),
      lookIn: () => this.#lookIn(),
    });
  }

  async offer(offer: MediaOffer, ask = this.#engine.request): Promise<string> {
    const { from } = offer;
    const to = otherLeg(from);
    if (from === 'a' || this.#called.b === 0)
      this.#state.tags = { ...this.#state.tags, b: this.#nextTag('b') };
    Object.assign(this.#state, { offerer: from, wishes: offer });
    Object.assign(this.#state.speaks, { [from]: transportIn(offer.sdp), [to]: offer.keying ?? 'plain' });
    this.#state.inside[to] = offer.inside ?? false;
    this.#capturing ||= offer.capture === true && this.#engine.captures !== undefined;
    const reply = await ask('offer', {
      ...this.#words(from, this.#called.b > 1),
      ...(this.#capturing ? { 'record call': 'yes' } : {}),
      sdp: this.#state.events.heard(from, offer.sdp, 'offer'),
    });
    return this.#state.events.told(to, sdpOf(reply));
  }

  async answer(sdp: string, from: LegName): Promise<string> {
    const { events, offerer } = this.#state;
    const latched = !this.#isUp && this.#called.b > 1;
    const asked = { ...this.#id, ...shape, SDES, ...this.#between(offerer), ...this.#flags(latched) };
    const reply = await this.#engine.request('answer', { ...asked, sdp: events.heard(from, sdp, 'answer') });
    if (!this.#isUp) await this.#listenForTones();
    return events.told(offerer, sdpOf(reply));
  }

  async answerAlone(offered: string): Promise<string> {
    const sdp = await this.answer(standIn(offered), 'b');
    await this.hush('a', true);
    return sdp;
  }

  async reoffer({ sdp, from, codecs, ptime }: Parameters<MediaSession['reoffer']>[0]): Promise<string> {
    const state = this.#state;
    this.#isUp = true;
    state.offerer = from;
    if (codecs) state.wishes = { ...state.wishes, codecs };
    if (ptime) state.wishes = { ...state.wishes, ptime: { ...state.wishes.ptime, ...ptime } };
    state.speaks[from] = transportIn(sdp);
    // Without port-latching a new address on this side would move our port on the other side too.
    const asked = { ...this.#words(from, true), sdp: state.events.heard(from, sdp, 'offer') };
    return state.events.told(otherLeg(from), sdpOf(await this.#engine.request('offer', asked)));
  }

  hush(leg: LegName, isHushed: boolean): Promise<void> {
    return isHushed ? this.#gates.close(leg, 'hold') : this.#gates.open(leg, 'hold');
  }

  async totals(): Promise<CallMedia> {
    return totalsOf(await this.#engine.request('query', this.#id), this.#state.tags);
  }

  async heard() {
    return heardOf(await this.#engine.request('query', this.#id), this.#state.tags);
  }

  newcomer(leg: LegName) {
    return newcomerOf(leg, {
      ...{ id: this.#id, state: this.#state, ng: this.#engine.request, gates: this.#gates },
      interfaces: this.#engine.interfaces,
      listenForTones: () => this.#listenForTones(),
      nextTag: () => this.#nextTag(leg),
      sayAgain: async (from) => {
        this.#isUp = true;
        return sdpOf(await this.#sayAgain(from, this.#looking !== undefined, true));
      },
    });
  }

  async end(): Promise<CallMedia | undefined> {
    if (this.#called.b === 0) return undefined;
    const { request, captures } = this.#engine;
    const callId = this.#id['call-id'];
    const { tags, offerer } = this.#state;
    // Only a delete that names a tag is answered with the totals.
    const reply = await request('delete', this.#side(offerer)).catch(() => undefined);
    // It ends the two sides that talk, and not the call where somebody is just called for one of them.
    if (reply && this.#state.coming.size > 0)
      await request('delete', this.#id).catch(() => this.#onUnfreed());
    if (!reply) this.#onUnfreed();
    else if (reply.warning && this.#capturing) await captures?.discard(callId);
    if (!reply || reply.warning) return undefined;
    const totals: CallMedia = totalsOf(reply, tags);
    return this.#capturing && captures ? captures.measure(callId, reply, tags, totals) : totals;
  }

  #side(leg: LegName) {
    return { ...this.#id, 'from-tag': this.#state.tags[leg] };
  }

  #between(from: LegName) {
    const { tags } = this.#state;
    return { 'from-tag': tags[from], 'to-tag': tags[otherLeg(from)] };
  }

  #nextTag(leg: LegName): string {
    this.#called[leg] += 1;
    return tagOf(leg, this.#called[leg]);
  }

  /** Of an offer of one side; with the tag of the other, or the next target would be offered the keys of the one before. */
  #words(from: LegName, latched: boolean) {
    const { speaks, wishes, inside } = this.#state;
    return {
      ...directionOf(this.#engine.interfaces, inside[from], inside[otherLeg(from)]),
      ...{ ...this.#id, ...shape, ...transports[speaks[otherLeg(from)]], ...this.#between(from) },
      ...{ ...framesOf(wishes, from), ...this.#flags(latched), ...codecsOf(wishes, from) },
    };
  }

  #flags(latched: boolean, looksIn = this.#looking !== undefined) {
    return flagsOf(latched, looksIn);
  }

  #isInBand(leg: LegName): boolean {
    return this.#state.wishes.inBand?.[leg] === true;
  }

  /** Afterwards rtpengine lets go of what is withheld. */
  async #listenForTones(): Promise<void> {
    for (const leg of ['a', 'b'] as const)
      if (this.#isInBand(leg))
        await this.#engine.request('unblockDTMF', { ...this.#side(leg), ...LISTEN_FOR_TONES });
  }

  /** Both sides say again what they said, and hear nothing of it. */
  async #sayAgain(from: LegName, looksIn: boolean, latched: boolean): Promise<NgReply> {
    const { events } = this.#state;
    const [offer, answer] = [events.last(from), events.last(otherLeg(from))];
    if (offer === undefined || answer === undefined)
      throw new MediaError('refused', 'the call is not answered');
    const { request } = this.#engine;
    await request('offer', { ...this.#words(from, true), ...this.#flags(true, looksIn), sdp: offer });
    const asked = { ...this.#id, ...shape, SDES, ...this.#between(from), ...this.#flags(latched, looksIn) };
    return request('answer', { ...asked, sdp: answer });
  }

  /** rtpengine sees each packet from then on; false where it does already. */
  async #lookIn(): Promise<boolean> {
    if (this.#looking) return this.#looking.then(() => false);
    this.#looking = this.#sayAgain(this.#state.offerer, true, false).then(
      () => undefined,
      (error: unknown) => {
        this.#looking = undefined;
        throw error;
      },
    );
    return this.#looking.then(() => true);
  }

  async #stopCapture(): Promise<void> {
    if (!this.#capturing) return;
    await this.#engine.request('stopRecording', this.#id);
    this.#capturing = false;
    await this.#engine.captures?.discard(this.#id['call-id']);
  }
}

const otherLeg = (leg: LegName): LegName => (leg === 'a' ? 'b' : 'a');
