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

/** RFC 3264 §5.1: what the side that says it does with its own audio. */
export type Direction = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

/** An SDP as far as a change of it matters. */
export interface Session extends Offer {
  /** The whole o= line: whoever says it again says nothing new (RFC 3264 §8). */
  readonly origin: string;
  readonly direction: Direction;
  /** Where it wants its RTP; undefined: nowhere. */
  readonly address: string | undefined;
}

export function readSession(sdp: string): Session | undefined {
  const offer = readSdp(sdp);
  const description = parsed(sdp);
  const audio = description?.media.find((media) => media.type === 'audio');
  if (!offer || !description || !audio) return undefined;
  const ip = (audio.connection ?? description.connection)?.ip ?? '';
  const said = (audio.direction ?? description.direction ?? 'sendrecv') as Direction;
  return {
    ...offer,
    origin: /^o=.*$/m.exec(sdp)?.[0].trim() ?? '',
    // RFC 3264 §8.4: how hold was said before there were directions.
    direction: isNowhere(ip) ? withoutReceiving[said] : said,
    address: isNowhere(ip) ? undefined : `${ip}:${audio.port}`,
  };
}

const isNowhere = (ip: string) => ip === '0.0.0.0' || ip === '::';

const withoutReceiving: Readonly<Record<Direction, Direction>> = {
  ...{ sendrecv: 'sendonly', sendonly: 'sendonly', recvonly: 'inactive', inactive: 'inactive' },
};

/** The same with another direction for its audio. */
export function withDirection(sdp: string, direction: Direction): string {
  const without = sdp.replace(/^a=(sendrecv|sendonly|recvonly|inactive)\r?\n/gm, '');
  return without.replace(/^(m=audio (?:.*\r?\n(?!m=))*.*\r?\n)/m, `$1a=${direction}\r\n`);
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
