import type { CapturedRtp } from './pcap.ts';

export interface StreamQuality {
  readonly packets: number;
  readonly lossPercent: number;
  readonly jitterMs: number;
  /** Of the audio packets of the longest stream. */
  readonly latePercent: number;
}

/** Loss and interarrival jitter of the packets of one direction; undefined where there are fewer than two. */
export function qualityOf(packets: readonly CapturedRtp[], clockRate: number): StreamQuality | undefined {
  const streams = [...bySsrc(packets).values()].filter((stream) => stream.length > 1);
  if (streams.length === 0) return undefined;
  const expected = sum(streams.map(expectedPackets));
  const received = sum(streams.map((stream) => new Set(stream.map((p) => p.sequence)).size));
  const longest = streams.reduce((best, stream) => (stream.length > best.length ? stream : best));
  return {
    packets: packets.length,
    lossPercent: round((100 * Math.max(0, expected - received)) / expected),
    jitterMs: round((1000 * jitter(longest, clockRate)) / clockRate),
    latePercent: latePercent(longest, clockRate),
  };
}

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const round = (value: number) => Math.round(value * 100) / 100;

function bySsrc(packets: readonly CapturedRtp[]): Map<number, CapturedRtp[]> {
  const streams = new Map<number, CapturedRtp[]>();
  for (const packet of packets) {
    const stream = streams.get(packet.ssrc);
    if (stream) stream.push(packet);
    else streams.set(packet.ssrc, [packet]);
  }
  return streams;
}

/** RFC 3550 §A.3: highest minus first extended sequence number, plus one. */
function expectedPackets(stream: readonly CapturedRtp[]): number {
  let extended = stream[0]?.sequence ?? 0;
  let lowest = extended;
  let highest = extended;
  for (const { sequence } of stream) {
    // The nearest extension of a 16-bit number to the last one: reordering goes back, a wrap goes on.
    const delta = ((sequence - (extended & 0xffff) + 0x18000) & 0xffff) - 0x8000;
    extended += delta;
    lowest = Math.min(lowest, extended);
    highest = Math.max(highest, extended);
  }
  return highest - lowest + 1;
}

/** Only the audio payload type has a clock that goes on: a key press holds its timestamp still. */
function audioOf(stream: readonly CapturedRtp[]): readonly CapturedRtp[] {
  const audio = dominantPayloadType(stream);
  return stream.filter(({ payloadType }) => payloadType === audio);
}

/** RFC 3550 §A.8, in timestamp units. */
function jitter(stream: readonly CapturedRtp[], clockRate: number): number {
  let estimate = 0;
  let last: CapturedRtp | undefined;
  for (const packet of audioOf(stream)) {
    if (last) {
      const arrival = ((packet.at - last.at) * clockRate) / 1000;
      const media = (packet.timestamp - last.timestamp) | 0;
      estimate += (Math.abs(arrival - media) - estimate) / 16;
    }
    last = packet;
  }
  return estimate;
}

function dominantPayloadType(stream: readonly CapturedRtp[]): number | undefined {
  const counts = new Map<number, number>();
  for (const { payloadType } of stream) counts.set(payloadType, (counts.get(payloadType) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}

/** What a phone's jitter buffer holds back, ms: a packet that comes later is discarded (RFC 3611 §4.7.1). */
const BUFFER_MS = 60;
/** Packets by which the earliest arrival is judged: the sender's clock drifts, and networks change their way. */
const WINDOW = 250;

/** Share of the packets that came more than a buffer's length after the earliest of those around them, by their timestamps. */
function latePercent(stream: readonly CapturedRtp[], clockRate: number): number {
  const audio = audioOf(stream);
  const first = audio[0];
  if (!first) return 0;
  const delays = audio.map(
    ({ at, timestamp }) => at - first.at - (1000 * ((timestamp - first.timestamp) | 0)) / clockRate,
  );
  let late = 0;
  for (let from = 0; from < delays.length; from += WINDOW) {
    const around = delays.slice(from, from + WINDOW);
    const earliest = Math.min(...around);
    late += around.filter((delay) => delay - earliest > BUFFER_MS).length;
  }
  return round((100 * late) / audio.length);
}
