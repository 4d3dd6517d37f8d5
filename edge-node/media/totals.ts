import type { LegMedia, LegName } from '../../contracts/events/call.ts';
import type { CallMedia, HeardRtp } from '../ports.ts';
import type { NgReply, NgStream } from './ng-reply.ts';

/** Tags under which rtpengine knows the legs of a call. */
export type Tags = Readonly<Record<LegName, string>>;

/** Whoever is called is a side of its own: b1, b2, …, and a1, a2, … in the place of the caller, who is a. */
export const tagOf = (leg: LegName, attempt: number) => (attempt === 0 ? leg : `${leg}${attempt}`);

export function legOfTag(tag: string): LegName | undefined {
  const leg = /^(?:(a)\d*|(b)\d+)$/.exec(tag);
  return leg ? (leg[1] ? 'a' : 'b') : undefined;
}

const silent: LegMedia = {
  packets: 0,
  bytes: 0,
  codec: null,
  lossPercent: null,
  jitterMs: null,
  mos: null,
  measuredBy: null,
};

/** The RTP stream that rtpengine receives from a leg, and the codec it saw there. */
function rtpOf(reply: NgReply, tag: string): { stream: NgStream; codec: string | null } | undefined {
  const media = reply.tags?.[tag]?.medias?.[0];
  const stream = media?.streams?.[0];
  // rtpengine names a codec with its clock rate: PCMU/8000.
  return stream && { stream, codec: media?.codec?.split('/')[0] ?? null };
}

/** Port at which rtpengine receives a leg's RTP, to tell the legs apart in a capture. */
export const localPortOf = (reply: NgReply, tag: string): number | undefined =>
  rtpOf(reply, tag)?.stream['local port'];

/** Totals of both legs from a `query` or `delete` reply. Quality stands only where both sides sent RTCP. */
export function totalsOf(reply: NgReply, tags: Tags): CallMedia {
  const leg = (tag: string): LegMedia => {
    const rtp = rtpOf(reply, tag);
    if (!rtp) return silent;
    const { stream, codec } = rtp;
    const packets = stream.stats?.packets ?? 0;
    return { ...silent, packets, bytes: stream.stats?.bytes ?? 0, codec, ...rtcpQuality(reply, stream) };
  };
  return { a: leg(tags.a), b: leg(tags.b) };
}

/** rtpengine gives MOS times ten, jitter in ms, loss in percent; nothing at all without round-trip data from both sides. */
function rtcpQuality(reply: NgReply, stream: NgStream): Partial<LegMedia> {
  const average = reply.SSRC?.[String(stream.SSRC)]?.['average MOS'];
  if (average?.MOS === undefined || !average.samples) return {};
  return {
    mos: Math.min(5, Math.max(1, average.MOS / 10)),
    jitterMs: average.jitter ?? null,
    lossPercent: average['packet loss'] ?? null,
    measuredBy: 'rtcp',
  };
}

/** rtpengine counts whole seconds, and a packet may just be on its way. */
const LATEST_MS = 1_500;

/** What has come from each leg, from a `query` reply. */
export function heardOf(reply: NgReply, tags: Tags): HeardRtp {
  const leg = (tag: string) => {
    const { stream, codec = null } = rtpOf(reply, tag) ?? {};
    const second = stream?.['last packet'];
    const lastAt = second === undefined ? undefined : second * 1000 + LATEST_MS;
    const { packets = 0, bytes = 0 } = stream?.stats ?? {};
    return { packets, bytes, codec, lastAt };
  };
  return { a: leg(tags.a), b: leg(tags.b) };
}
