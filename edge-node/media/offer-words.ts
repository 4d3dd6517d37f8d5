import type { LegName } from '../../contracts/events/call.ts';
import { MediaError, type MediaOffer } from '../ports.ts';
import type { NgReply } from './ng-reply.ts';

/** Our address goes into the SDP; candidates of the other side never do. */
export const shape = { replace: ['origin', 'session-connection'], ICE: 'remove' };
const without = (suites: readonly string[]) => suites.map((suite) => `no-${suite}`);

/** Suites that hide nothing or are found nowhere (RFC 4568 §6.2): nobody is answered with them. */
const useless = ['NULL_HMAC_SHA1_80', 'NULL_HMAC_SHA1_32', 'F8_128_HMAC_SHA1_80', 'F8_128_HMAC_SHA1_32'];
/** Offered is AES_CM_128_HMAC_SHA1_80 alone, which everybody has to know: all suites together make an INVITE too long for UDP. */
const unneeded = [
  ...['AEAD_AES_256_GCM', 'AEAD_AES_128_GCM', 'AES_256_CM_HMAC_SHA1_80', 'AES_256_CM_HMAC_SHA1_32'],
  ...['AES_192_CM_HMAC_SHA1_80', 'AES_192_CM_HMAC_SHA1_32', 'AES_CM_128_HMAC_SHA1_32'],
];
export const SDES = without(useless);

/** RTP as the other side gets it. */
export const transports = {
  plain: { 'transport-protocol': 'RTP/AVP' },
  // With a fingerprint beside the keys DTLS would win.
  sdes: { 'transport-protocol': 'RTP/SAVP', DTLS: 'off', SDES: without([...useless, ...unneeded]) },
  dtls: { 'transport-protocol': 'UDP/TLS/RTP/SAVP', SDES: ['off'] },
} as const;
export type Transport = keyof typeof transports;

export type Wishes = Pick<MediaOffer, 'ptime' | 'codecs' | 'inBand' | 'byInfo'>;

/** What goes to the side that is offered to, and what goes back. */
export function framesOf({ ptime = {} }: Wishes, from: LegName): Record<string, number> {
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
export function flagsOf(latched: boolean, looksIn: boolean): { flags?: readonly string[] } {
  const flags = [...(latched ? ['port-latching'] : []), ...(looksIn ? ['inject-DTMF'] : [])];
  return flags.length > 0 ? { flags } : {};
}

export function transportIn(sdp: string): Transport {
  if (!/^m=audio \d+ \S*SAVP/m.test(sdp)) return 'plain';
  return /^a=crypto:/m.test(sdp) ? 'sdes' : 'dtls';
}

/** Names of the logical interfaces of an rtpengine (its option `--interface=NAME/ADDRESS`). */
export interface Interfaces {
  /** Of carriers and of everybody who comes over the internet. */
  readonly outside: string;
  /** Of gateways in its own network. */
  readonly inside: string;
}

/** Which address each side is told: of who offers, then of who is offered to. */
export const directionOf = (
  names: Interfaces | undefined,
  ...areInside: readonly [from: boolean, to: boolean]
): { direction?: readonly string[] } =>
  names ? { direction: areInside.map((isInside) => (isInside ? names.inside : names.outside)) } : {};

type CodecWords = Readonly<Record<string, readonly string[]>>;

/** telephone-event always goes through: digits are never a codec question, but where one side has them as tones. */
export function codecsOf({ codecs, inBand }: Wishes, from: LegName): { codec?: CodecWords } {
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

export function sdpOf(reply: NgReply): string {
  if (reply.sdp) return reply.sdp;
  throw new MediaError('refused', 'rtpengine answered without an SDP');
}
