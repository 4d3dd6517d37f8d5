import type { LegName } from '../../contracts/events/call.ts';
import { type CallMedia, MediaError, type MediaOffer, type MediaSession } from '../ports.ts';
import type { CaptureReader } from './capture.ts';
import { createEventMemory } from './event-memory.ts';
import { gatesOf } from './gates.ts';
import type { NgReply } from './ng-reply.ts';
import { playbackOf } from './playback.ts';
import type { NgRequest } from './rtpengine.ts';
import { LISTEN_FOR_TONES, sessionDigits } from './session-digits.ts';
import { heardOf, tagOf, totalsOf } from './totals.ts';

/** Our address goes into the SDP; candidates of the other side never do. */
const shape = { replace: ['origin', 'session-connection'], ICE: 'remove' };
const without = (suites: readonly string[]) => suites.map((suite) => `no-${suite}`);

/** Suites that hide nothing or are found nowhere (RFC 4568 §6.2): nobody is answered with them. */
const useless = ['NULL_HMAC_SHA1_80', 'NULL_HMAC_SHA1_32', 'F8_128_HMAC_SHA1_80', 'F8_128_HMAC_SHA1_32'];
/** Offered is AES_CM_128_HMAC_SHA1_80 alone, which everybody has to know: all suites together make an INVITE too long for UDP. */
const unneeded = [
  ...['AEAD_AES_256_GCM', 'AEAD_AES_128_GCM', 'AES_256_CM_HMAC_SHA1_80', 'AES_256_CM_HMAC_SHA1_32'],
  ...['AES_192_CM_HMAC_SHA1_80', 'AES_192_CM_HMAC_SHA1_32', 'AES_CM_128_HMAC_SHA1_32'],
];
const SDES = without(useless);

/** RTP as the other side gets it. */
const transports = {
  plain: { 'transport-protocol': 'RTP/AVP' },
  // With a fingerprint beside the keys DTLS would win.
  sdes: { 'transport-protocol': 'RTP/SAVP', DTLS: 'off', SDES: without([...useless, ...unneeded]) },
  dtls: { 'transport-protocol': 'UDP/TLS/RTP/SAVP', SDES: ['off'] },
} as const;
type Transport = keyof typeof transports;

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
  let attempt = 0;
  let offerer: LegName = 'a';
  let capturing = false;
  /** What is offered from now on changes a call that has been answered. */
  let isUp = false;
  /** Each leg as we speak to it: b as it was offered, a as it offered itself. */
  const speaks: Record<LegName, Transport> = { a: 'plain', b: 'plain' };
  /** What the last offer asked for goes for its answer and for every re-offer. */
  let wishes: Wishes = {};
  const { last, heard, told } = createEventMemory(() => wishes);
  let looking: Promise<void> | undefined;
  const side = (leg: LegName) => ({ ...id, 'from-tag': tagOf(leg, attempt) });
  const gates = gatesOf(side, ng);
  const inBand = (leg: LegName) => wishes.inBand?.[leg] === true;
  const flags = (latched: boolean) => flagsOf(latched, looking !== undefined);

  /** Both sides say again what they said, and hear nothing of it; rtpengine sees each packet from then on. */
  const lookIn = async () => {
    const to = offerer === 'a' ? 'b' : 'a';
    const [offer, answer] = [last(offerer), last(to)];
    if (offer === undefined || answer === undefined)
      throw new MediaError('refused', 'the call is not answered');
    const tags = { 'from-tag': tagOf(offerer, attempt), 'to-tag': tagOf(to, attempt) };
    const asked = { ...transports[speaks[to]], ...framesOf(wishes, offerer), ...codecsOf(wishes, offerer) };
    await ng('offer', { ...id, ...shape, ...asked, ...tags, ...flagsOf(true, true), sdp: offer });
    await ng('answer', { ...id, ...shape, SDES, ...tags, ...flagsOf(false, true), sdp: answer });
  };

  return {
    async offer(offer, ask = ng) {
      if (offer.from === 'a' || attempt === 0) attempt += 1;
      offerer = offer.from;
      const to = offer.from === 'a' ? 'b' : 'a';
      wishes = offer;
      Object.assign(speaks, { [offer.from]: transportIn(offer.sdp), [to]: offer.keying ?? 'plain' });
      capturing ||= offer.capture === true && captures !== undefined;
      const reply = await ask('offer', {
        ...id,
        ...shape,
        ...transports[speaks[to]],
        'from-tag': tagOf(offer.from, attempt),
        // Without it the next target would be offered the keys of the one before.
        'to-tag': tagOf(to, attempt),
        ...framesOf(wishes, offer.from),
        ...flags(attempt > 1),
        ...codecsOf(wishes, offer.from),
        ...(capturing ? { 'record call': 'yes' } : {}),
        sdp: heard(offer.from, offer.sdp, 'offer'),
      });
      return told(to, sdpOf(reply));
    },
    async answer(sdp, from) {
      const tags = { 'from-tag': tagOf(offerer, attempt), 'to-tag': tagOf(from, attempt) };
      const asked = { SDES, ...tags, ...flags(!isUp && attempt > 1), sdp: heard(from, sdp, 'answer') };
      const reply = await ng('answer', { ...id, ...shape, ...asked });
      // Afterwards it would let go of what is withheld.
      for (const leg of ['a', 'b'] as const)
        if (inBand(leg) && !isUp) await ng('unblockDTMF', { ...side(leg), ...LISTEN_FOR_TONES });
      return told(offerer, sdpOf(reply));
    },
    async reoffer({ sdp, from, codecs, ptime }) {
      const to = from === 'a' ? 'b' : 'a';
      offerer = from;
      isUp = true;
      if (codecs) wishes = { ...wishes, codecs };
      if (ptime) wishes = { ...wishes, ptime: { ...wishes.ptime, ...ptime } };
      speaks[from] = transportIn(sdp);
      const reply = await ng('offer', {
        ...id,
        ...shape,
        ...transports[speaks[to]],
        ...{ 'from-tag': tagOf(from, attempt), 'to-tag': tagOf(to, attempt) },
        ...framesOf(wishes, from),
        // Without port-latching a new address on this side would move our port on the other side too.
        ...flags(true),
        ...codecsOf(wishes, from),
        sdp: heard(from, sdp, 'offer'),
      });
      return told(to, sdpOf(reply));
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
    totals: async () => totalsOf(await ng('query', id), attempt),
    heard: async () => heardOf(await ng('query', id), attempt),
    async end() {
      if (attempt === 0) return undefined;
      // Only a delete that names a tag is answered with the totals.
      const reply = await ng('delete', { ...id, 'from-tag': tagOf(offerer, attempt) }).catch(() => undefined);
      if (!reply) onUnfreed();
      else if (reply.warning && capturing) await captures?.discard(callId);
      if (!reply || reply.warning) return undefined;
      const totals: CallMedia = totalsOf(reply, attempt);
      return capturing && captures ? captures.measure(callId, reply, attempt, totals) : totals;
    },
  };
}

type Wishes = Pick<MediaOffer, 'ptime' | 'codecs' | 'inBand' | 'byInfo'>;

/** What goes to the side that is offered to, and what goes back. */
function framesOf({ ptime = {} }: Wishes, from: LegName): Record<string, number> {
  const [there, back] = from === 'a' ? [ptime.b, ptime.a] : [ptime.a, ptime.b];
  return {
    ...(there === undefined ? {} : { ptime: there }),
    ...(back === undefined ? {} : { 'ptime-reverse': back }),
  };
}

/**
 * From the second target on, the side of the caller keeps its port. The caller may have had it in a 183 of the first target,
 * and is bound to what it heard first (RFC 3261 §13.2.1). The side of the target is new with each tag, keys and all.
 */
function flagsOf(latched: boolean, looksIn: boolean): { flags?: readonly string[] } {
  const flags = [...(latched ? ['port-latching'] : []), ...(looksIn ? ['inject-DTMF'] : [])];
  return flags.length > 0 ? { flags } : {};
}

function transportIn(sdp: string): Transport {
  if (!/^m=audio \d+ \S*SAVP/m.test(sdp)) return 'plain';
  return /^a=crypto:/m.test(sdp) ? 'sdes' : 'dtls';
}

type CodecWords = Readonly<Record<string, readonly string[]>>;

/** telephone-event always goes through: digits are never a codec question, but where one side has them as tones. */
function codecsOf({ codecs, inBand }: Wishes, from: LegName): { codec?: CodecWords } {
  const events = eventsOf(inBand, from);
  if (!codecs) return Object.keys(events).length > 0 ? { codec: events } : {};
  const except = [...codecs.kept, ...codecs.transcoded, 'telephone-event'];
  const converted = codecs.add.length > 0 ? { mask: codecs.transcoded, transcode: codecs.add } : {};
  const transcode = [...(converted.transcode ?? []), ...(events['transcode'] ?? [])];
  const words = { strip: ['all'], except, ...converted, ...events };
  return { codec: transcode.length > 0 ? { ...words, transcode } : words };
}

/** Tones of the side that offers become events of the other, or the other way round. */
function eventsOf(inBand: MediaOffer['inBand'], from: LegName): CodecWords {
  const [here, there] = from === 'a' ? [inBand?.a, inBand?.b] : [inBand?.b, inBand?.a];
  if (here === there) return {};
  return here ? { transcode: ['telephone-event'] } : { accept: ['telephone-event'] };
}

function sdpOf(reply: NgReply): string {
  if (reply.sdp) return reply.sdp;
  throw new MediaError('refused', 'rtpengine answered without an SDP');
}
