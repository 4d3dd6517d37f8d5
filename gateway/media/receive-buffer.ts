import { Concealer } from './concealer.ts';
import { Depth } from './depth.ts';
import { distance16, distance32, type RtpPacket } from './rtp-packet.ts';
import { Surplus } from './surplus.ts';

/** Samples of a frame: 20 ms at 8 kHz. */
export const FRAME = 160;
const SAMPLES_PER_MS = 8;
const FRAME_MS = 20;

/** A timestamp that is off by more is another clock, not a gap: 3 s. */
const JUMP = 24_000;

/** Of 32,768: what nobody misses. */
const QUIET = 150;

/** Since another source has begun, packets of the former one are stragglers for so long, ms; then it is back. */
const STRAGGLERS_MS = 200;

interface Held {
  readonly timestamp: number;
  readonly sequence: number;
  readonly samples: Int16Array;
}

export interface ReceiveCounts {
  received: number;
  late: number;
  reordered: number;
  duplicated: number;
  concealed: number;
  /** RFC 3550 section 6.4.1, in samples. */
  jitter: number;
  /** Quiet frames that were left out, ms. */
  leftOutMs: number;
}

type Packet = Pick<RtpPacket, 'timestamp' | 'sequence' | 'ssrc' | 'marker'>;

/**
 * Puts packets in order. What comes in order is passed on at once, so nothing is added to its delay; what is missing is waited
 * for as long as the network makes it likely to come ({@link Depth}), and then concealed. While nothing comes at all, silence goes
 * on in its place; where what was said comes after that, quiet frames are left out until the stream is no longer than the time.
 */
export class ReceiveBuffer {
  readonly counts: ReceiveCounts = {
    ...{ received: 0, late: 0, reordered: 0, duplicated: 0, concealed: 0, jitter: 0, leftOutMs: 0 },
  };
  readonly #emit: (frame: Int16Array) => void;
  readonly #depth = new Depth();
  readonly #concealer = new Concealer();
  #source: { ssrc: number; base: number; highest: number } | undefined;
  #former: number | undefined;
  /** Packets of sources that are over. */
  #expectedBefore = 0;
  /** Timestamp that comes next. */
  #next = 0;
  /** Sequence of what was passed on last. */
  #passed = 0;
  #held: Held[] = [];
  /** Since when `#held` waits for what is missing, ms. */
  #waitsSince = 0;
  /** When another source began. */
  #changedAt = 0;
  #emittedAt = 0;
  /** What was given up last: timestamps, and when it was missed, ms. */
  #givenUp = { from: 0, to: 0, missedAt: 0 };
  readonly #surplus = new Surplus();
  /** Silence that stood in for what came after all. */
  #inVainMs = 0;
  #wasLeftOut = false;
  #now = 0;
  #transit: number | undefined;
  #rest = new Int16Array(0);

  constructor(emit: (frame: Int16Array) => void) {
    this.#emit = emit;
  }

  /** Packets that were sent and never came, by their numbers (RFC 3550 appendix A.3). */
  get lost(): number {
    const now = this.#source ? this.#source.highest - this.#source.base + 1 : 0;
    return Math.max(0, this.#expectedBefore + now - this.counts.received);
  }

  push(packet: Packet, samples: Int16Array, nowMs: number): void {
    this.#now = nowMs;
    if (packet.ssrc === this.#former && nowMs - this.#changedAt < STRAGGLERS_MS) {
      this.counts.late += 1;
      return;
    }
    if (packet.ssrc !== this.#source?.ssrc) this.#begin(packet, nowMs);
    this.#number(packet);
    this.#measure(packet, nowMs);
    const ahead = distance32(this.#next, packet.timestamp);
    if (Math.abs(ahead) > JUMP) this.#restart(packet.timestamp, nowMs);
    else if (ahead < 0) {
      this.counts.late += 1;
      if (distance16(this.#passed, packet.sequence) <= 0) {
        const { from, to, missedAt } = this.#givenUp;
        const wasMissed = distance32(from, packet.timestamp) >= 0 && distance32(packet.timestamp, to) > 0;
        if (wasMissed) this.#depth.late(nowMs - missedAt);
        return;
      }
      // It stood somewhere, or its sender's clock did, while silence went on here: nothing that was said is left out.
      this.#inVainMs -= ahead / SAMPLES_PER_MS;
      this.#restart(packet.timestamp, nowMs);
    }
    this.#hold({ timestamp: packet.timestamp, sequence: packet.sequence, samples }, nowMs);
    this.#passOn(nowMs);
  }

  /** A packet of the same source that is no audio: it takes a number, and nothing is missing for it. */
  passBy(packet: Packet): void {
    if (packet.ssrc !== this.#source?.ssrc) return;
    this.#number(packet);
    if (distance16(this.#passed, packet.sequence) === 1) this.#passed = packet.sequence;
  }

  /** To be called every 20 ms. */
  tick(nowMs: number): void {
    if (!this.#source) return;
    this.#now = nowMs;
    if (this.#held.length > 0) this.#passOn(nowMs);
    else if (nowMs - this.#emittedAt >= FRAME_MS + this.#depth.ms) {
      // One frame for each frame's time, beginning where the audio ended.
      this.#emittedAt += FRAME_MS;
      this.#fill(FRAME);
    }
    this.#surplus.settle(nowMs);
  }

  #begin({ ssrc, timestamp, sequence }: Packet, nowMs: number): void {
    if (this.#source) {
      this.#changedAt = nowMs;
      this.#expectedBefore += this.#source.highest - this.#source.base + 1;
      this.#former = this.#source.ssrc;
      for (const { samples } of this.#held.splice(0)) this.#pass(samples);
    }
    this.#source = { ssrc, base: sequence, highest: sequence };
    this.#next = timestamp;
    this.#passed = sequence - 1;
    this.#transit = undefined;
  }

  #number({ sequence }: Packet): void {
    const source = this.#source;
    if (!source) return;
    this.counts.received += 1;
    const ahead = distance16(source.highest & 0xffff, sequence);
    if (ahead > 0) source.highest += ahead;
    else if (ahead < 0) this.counts.reordered += 1;
  }

  #measure({ timestamp }: Packet, nowMs: number): void {
    const transit = nowMs * SAMPLES_PER_MS - timestamp;
    const { counts } = this;
    if (this.#transit !== undefined && Math.abs(transit - this.#transit) < JUMP)
      counts.jitter += (Math.abs(transit - this.#transit) - counts.jitter) / 16;
    this.#transit = transit;
    this.#depth.packet(counts.jitter / SAMPLES_PER_MS);
  }

  #restart(timestamp: number, nowMs: number): void {
    for (const { samples } of this.#held.splice(0)) this.#pass(samples);
    this.#next = timestamp;
    this.#emittedAt = nowMs;
  }

  #hold(held: Held, nowMs: number): void {
    const at = this.#held.findIndex(({ timestamp }) => distance32(timestamp, held.timestamp) <= 0);
    if (at >= 0 && this.#held[at]?.timestamp === held.timestamp) {
      this.counts.duplicated += 1;
      this.counts.received -= 1;
      return;
    }
    if (this.#held.length === 0) this.#waitsSince = nowMs;
    this.#held.splice(at < 0 ? this.#held.length : at, 0, held);
  }

  #passOn(nowMs: number): void {
    for (let first = this.#held[0]; first; first = this.#held[0]) {
      const missing = distance32(this.#next, first.timestamp);
      if (missing > 0 && !this.#isDue(first, missing, nowMs)) return;
      if (missing > 0) {
        this.#givenUp = { from: this.#next, to: first.timestamp, missedAt: this.#waitsSince };
        this.#fill(missing);
      }
      this.#held.shift();
      this.#waitsSince = nowMs;
      // A packet that begins before what is passed on already brings only the rest.
      const own = missing < 0 ? first.samples.subarray(-missing) : first.samples;
      this.#next = (this.#next + own.length) >>> 0;
      this.#passed = first.sequence;
      this.#pass(own);
      this.#concealer.heard(own);
      this.#emittedAt = nowMs;
    }
  }

  /** Nothing is missing between two numbers in a row: the sender made a pause. */
  #isDue({ sequence }: Held, missing: number, nowMs: number): boolean {
    if (distance16(this.#passed, sequence) === 1) return true;
    const waits = nowMs - this.#waitsSince >= this.#depth.ms;
    const last = this.#held.at(-1);
    const ahead = last ? distance32(this.#next, last.timestamp) : missing;
    return waits || ahead - FRAME >= this.#depth.ms * SAMPLES_PER_MS;
  }

  #fill(samples: number): void {
    this.#next = (this.#next + samples) >>> 0;
    for (let left = samples; left > 0; left -= FRAME) {
      const made = this.#concealer.next(Math.min(FRAME, left));
      if (made.isHeard) this.counts.concealed += 1;
      this.#pass(made.samples);
    }
  }

  /** Where the stream has become longer than its time, quiet frames are left out: of a pause at most every other one. */
  #deliver(frame: Int16Array): void {
    const isTooLong = Math.min(this.#inVainMs, this.#surplus.ms(this.#now)) >= FRAME_MS;
    this.#wasLeftOut = isTooLong && !this.#wasLeftOut && frame.every((each) => Math.abs(each) < QUIET);
    if (this.#wasLeftOut) {
      this.#inVainMs -= FRAME_MS;
      this.counts.leftOutMs += FRAME_MS;
      return;
    }
    this.#surplus.passed(FRAME_MS);
    this.#emit(frame);
  }

  #pass(samples: Int16Array): void {
    if (this.#rest.length === 0 && samples.length === FRAME) {
      this.#deliver(samples);
      return;
    }
    const all = new Int16Array(this.#rest.length + samples.length);
    all.set(this.#rest);
    all.set(samples, this.#rest.length);
    let at = 0;
    for (; at + FRAME <= all.length; at += FRAME) this.#deliver(all.slice(at, at + FRAME));
    this.#rest = all.slice(at);
  }
}
