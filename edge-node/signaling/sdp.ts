import { parse } from 'sdp-transform';
import type { Offer } from '../../contracts/events/call.ts';

/** RFC 3551 §6: payload types that need no rtpmap. */
const staticCodecs: Readonly<Record<number, string>> = {
  0: 'PCMU',
  3: 'GSM',
  4: 'G723',
  8: 'PCMA',
  9: 'G722',
  13: 'CN',
  18: 'G729',
};

/** Carried beside the audio, not instead of it. */
const companions = new Set(['telephone-event', 'cn', 'red']);

/** What an SDP says of its first audio stream; undefined where it is no SDP or has no audio (RFC 4566 §5). */
export function readSdp(sdp: string): Offer | undefined {
  const audio = parsed(sdp)?.media?.find((media) => media.type === 'audio');
  if (!audio || audio.port === 0) return undefined;
  const names = String(audio.payloads ?? '')
    .split(' ')
    .map(
      (payload) =>
        audio.rtp.find((rtp) => rtp.payload === Number(payload))?.codec ?? staticCodecs[Number(payload)],
    )
    .filter((name) => name !== undefined);
  return {
    codecs: [...new Set(names.filter((name) => !companions.has(name.toLowerCase())))].slice(0, 64),
    dtmf: names.some((name) => name.toLowerCase() === 'telephone-event'),
    encrypted: /SAVP/.test(audio.protocol) || audio.crypto !== undefined,
  };
}

/** Whether the first audio stream is SRTP with keys that are given or agreed on (RFC 4568, RFC 5763). */
export function isSecure(sdp: string): boolean {
  const description = parsed(sdp);
  const audio = description?.media?.find((media) => media.type === 'audio');
  if (!audio || !/SAVP/.test(audio.protocol)) return false;
  return (audio.crypto ?? audio.fingerprint ?? description?.fingerprint) !== undefined;
}

function parsed(sdp: string) {
  if (!/^v=0\r?\n/.test(sdp)) return undefined;
  try {
    const description = parse(sdp);
    return description.origin && (description.connection ?? description.media.some((m) => m.connection))
      ? description
      : undefined;
  } catch {
    return undefined;
  }
}
