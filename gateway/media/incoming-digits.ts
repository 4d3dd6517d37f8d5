import { distance32, type RtpPacket } from './rtp-packet.ts';

const KEYS = '0123456789*#ABCD';

/** RFC 4733 section 2.5.1.3: a key that is held longer goes on in a new segment. */
const LONGEST_SEGMENT = 0xffff;

/** Presses that are remembered, for packets of them that come late. */
const REMEMBERED = 16;

/**
 * Keys out of telephone-event packets (RFC 4733), each once: all packets of a press have its timestamp, however they are lost,
 * doubled or out of order, and another press has another one.
 */
export class IncomingDigits {
  readonly #known: number[] = [];

  /** The key, where this packet is the first that tells of its press. */
  take({
    timestamp,
    marker,
    payload,
  }: Pick<RtpPacket, 'timestamp' | 'marker' | 'payload'>): string | undefined {
    const key = KEYS[payload[0] ?? 255];
    if (payload.length < 4 || key === undefined || this.#known.includes(timestamp)) return undefined;
    const last = this.#known.at(-1);
    const goesOn = !marker && last !== undefined && distance32(last, timestamp) === LONGEST_SEGMENT;
    this.#known.push(timestamp);
    if (this.#known.length > REMEMBERED) this.#known.shift();
    return goesOn ? undefined : key;
  }
}
