import { parse, type SessionDescription, write } from 'sdp-transform';
import { type G711, pcma, pcmu } from './g711.ts';

/** What an offer asks of us. */
export interface Offered {
  /** Where its RTP goes; undefined: it wants none (hold by `inactive` or `sendonly`). */
  readonly address: string;
  readonly port: number;
  readonly codec: G711;
  /** Of telephone-event at 8 kHz (RFC 4733); undefined where the offer has none. */
  readonly digits: number | undefined;
  /** It wants audio of us. */
  readonly listens: boolean;
  /** It sends audio. */
  readonly speaks: boolean;
}

/** An offer that this gateway cannot take; the message says what to offer. */
export class UnfitOffer extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnfitOffer';
  }
}

const codecs: readonly G711[] = [pcmu, pcma];

/** @throws UnfitOffer */
export function readOffer(sdp: string): Offered {
  const description = parsed(sdp);
  const audio = description.media.find(({ type }) => type === 'audio');
  if (!audio || audio.port === 0) throw new UnfitOffer('the offer has no audio: offer one m=audio line');
  if (audio.protocol !== 'RTP/AVP')
    throw new UnfitOffer(`the offer is ${audio.protocol}: offer RTP/AVP, rtpengine takes SRTP off`);
  const payloads = String(audio.payloads ?? '')
    .split(' ')
    .map(Number);
  const codec = payloads
    .map((payload) => codecs.find(({ payloadType }) => payloadType === payload))
    .find((each) => each !== undefined);
  if (!codec)
    throw new UnfitOffer(`the offer has payloads ${payloads.join(' ')}: offer PCMU (0) or PCMA (8)`);
  const address = audio.connection?.ip ?? description.connection?.ip;
  if (address === undefined) throw new UnfitOffer('the offer has no c= line');
  const direction = audio.direction ?? (description as { direction?: string }).direction ?? 'sendrecv';
  return {
    ...{ address, port: audio.port, codec },
    digits: audio.rtp.find(({ codec: name, rate }) => name === 'telephone-event' && (rate ?? 8_000) === 8_000)
      ?.payload,
    listens: (direction === 'sendrecv' || direction === 'recvonly') && address !== '0.0.0.0',
    speaks: direction === 'sendrecv' || direction === 'sendonly',
  };
}

function parsed(sdp: string): SessionDescription {
  try {
    const description = parse(sdp);
    if (description.version !== undefined && Array.isArray(description.media)) return description;
  } catch {
    // Told below, without what a stranger wrote.
  }
  throw new UnfitOffer('the offer is no SDP (RFC 4566)');
}

export interface Answering {
  readonly address: string;
  readonly port: number;
  readonly sessionId: number;
  /** Higher with every answer of a session (RFC 3264 section 8). */
  readonly version: number;
}

/** 20 ms, the one codec that was chosen, digits where they were offered, the direction that the offer allows (RFC 3264). */
export function writeAnswer({ codec, digits, listens, speaks }: Offered, own: Answering): string {
  const rtp = [
    { payload: codec.payloadType, codec: codec.name, rate: 8_000 },
    ...(digits === undefined ? [] : [{ payload: digits, codec: 'telephone-event', rate: 8_000 }]),
  ];
  const direction = listens ? (speaks ? 'sendrecv' : 'sendonly') : speaks ? 'recvonly' : 'inactive';
  const version = own.address.includes(':') ? 6 : 4;
  return write({
    version: 0,
    origin: {
      username: '-',
      sessionId: own.sessionId,
      sessionVersion: own.version,
      netType: 'IN',
      ipVer: version,
      address: own.address,
    },
    name: '-',
    timing: { start: 0, stop: 0 },
    connection: { version, ip: own.address },
    media: [
      {
        type: 'audio',
        port: own.port,
        protocol: 'RTP/AVP',
        payloads: rtp.map(({ payload }) => payload).join(' '),
        rtp,
        fmtp: digits === undefined ? [] : [{ payload: digits, config: '0-15' }],
        ptime: 20,
        direction,
      },
    ],
  });
}
