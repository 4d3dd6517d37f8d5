import type { Taken } from '../ports.ts';
import { Backlog } from './backlog.ts';
import { type DigitPacket, digitPackets } from './outgoing-digit.ts';

const FRAME_MS = 20;

/** Between two keys there is a pause, or a receiver hears one. */
const PAUSE_FRAMES = 3;

/** Marks and keys that may wait: audio takes time and is bounded by that, these are not. */
export const MOST_MARKS = 256;
export const MOST_KEYS = 64;

type Item =
  | { readonly kind: 'audio'; readonly bytes: Uint8Array; at: number }
  | { readonly kind: 'mark'; readonly name: string }
  | { readonly kind: 'digit'; readonly key: string; readonly durationMs: number }
  | { readonly kind: 'pause'; frames: number };

/** What goes out in the next 20 ms; audio in the agent's format. */
export type Outgoing =
  | { readonly kind: 'audio'; readonly frame: Uint8Array; readonly isSilence: boolean }
  | ({ readonly kind: 'digit' } & DigitPacket);

export interface PlayoutOptions {
  /** Bytes of 20 ms, and the byte of silence. */
  readonly frameBytes: number;
  readonly silence: number;
  /** Audio that may wait, ms. */
  readonly maxMs: number;
  readonly isQuiet: (audio: Uint8Array) => boolean;
  readonly onMark: (name: string, played: boolean) => void;
}

/** What an agent has sent and the caller has not heard yet: audio, marks and keys, in their order. */
export class Playout {
  readonly #options: PlayoutOptions;
  readonly #backlog = new Backlog();
  #items: Item[] = [];
  #bytes = 0;
  #marks = 0;
  #keys = 0;
  #leftOut = 0;
  #pressed: Generator<DigitPacket> | undefined;

  constructor(options: PlayoutOptions) {
    this.#options = options;
  }

  get queuedMs(): number {
    return this.#msOf(this.#bytes);
  }

  /** Quiet audio that was left out since an agent that streams had fallen behind, ms. */
  get leftOutMs(): number {
    return this.#leftOut * FRAME_MS;
  }

  /** `full`: it would be more than may wait, and nothing was taken. */
  play(bytes: Uint8Array): Taken {
    if (this.#msOf(this.#bytes + bytes.length) > this.#options.maxMs) return 'full';
    if (bytes.length > 0) this.#items.push({ kind: 'audio', bytes, at: 0 });
    this.#bytes += bytes.length;
    this.#backlog.arrived(this.#msOf(bytes.length));
    return 'queued';
  }

  mark(name: string): Taken {
    if (this.#marks >= MOST_MARKS) return 'full';
    this.#marks += 1;
    this.#items.push({ kind: 'mark', name });
    return 'queued';
  }

  /** All of them, or none: a part of a number is another number. */
  press(keys: readonly string[], durationMs: number): Taken {
    if (this.#keys + keys.length > MOST_KEYS) return 'full';
    this.#keys += keys.length;
    for (const key of keys)
      this.#items.push({ kind: 'digit', key, durationMs }, { kind: 'pause', frames: PAUSE_FRAMES });
    return 'queued';
  }

  /** Keys are kept, also the rest of the one that is being sent: they are no audio, and a part of a number is another number. */
  clear(): void {
    const cleared = this.#items;
    this.#items = cleared.filter(({ kind }) => kind === 'digit' || kind === 'pause');
    this.#bytes = 0;
    this.#marks = 0;
    this.#backlog.clear();
    for (const item of cleared) if (item.kind === 'mark') this.#options.onMark(item.name, false);
  }

  /** To be called every 20 ms while the caller listens. */
  next(): Outgoing {
    const { frameBytes, isQuiet } = this.#options;
    this.#backlog.beat(this.queuedMs);
    // At most every other frame, so that a pause is shorter and still a pause.
    const mayLeaveOut = this.#backlog.isTooLong && this.#bytes >= 2 * frameBytes;
    const outgoing = this.#frame();
    if (!mayLeaveOut || outgoing.kind !== 'audio' || !isQuiet(outgoing.frame)) return outgoing;
    this.#backlog.leftOut();
    this.#leftOut += 1;
    return this.#frame();
  }

  #frame(): Outgoing {
    if (this.#pressed) return this.#digit(this.#pressed);
    const { frameBytes, silence } = this.#options;
    const frame = new Uint8Array(frameBytes).fill(silence);
    let filled = 0;
    for (let item = this.#items[0]; item && filled < frameBytes; item = this.#items[0]) {
      if (item.kind === 'audio') filled += this.#copy(item, frame, filled);
      else if (item.kind === 'mark') this.#markPlayed(item.name);
      else if (filled > 0) break;
      else if (item.kind === 'pause') {
        item.frames -= 1;
        if (item.frames <= 0) this.#items.shift();
        break;
      } else {
        this.#items.shift();
        this.#keys -= 1;
        this.#pressed = digitPackets(item.key, item.durationMs);
        return this.#digit(this.#pressed);
      }
    }
    // A mark right behind the audio of this frame is played with it.
    for (let item = this.#items[0]; item?.kind === 'mark'; item = this.#items[0]) this.#markPlayed(item.name);
    return { kind: 'audio', frame, isSilence: filled === 0 };
  }

  #markPlayed(name: string): void {
    this.#items.shift();
    this.#marks -= 1;
    this.#options.onMark(name, true);
  }

  #copy(item: Extract<Item, { kind: 'audio' }>, frame: Uint8Array, from: number): number {
    const part = item.bytes.subarray(item.at, item.at + frame.length - from);
    frame.set(part, from);
    item.at += part.length;
    this.#bytes -= part.length;
    if (item.at >= item.bytes.length) this.#items.shift();
    return part.length;
  }

  #digit(packets: Generator<DigitPacket>): Outgoing {
    const { value } = packets.next();
    if (!value) throw new Error('a key has no packet');
    if (value.isLast) this.#pressed = undefined;
    return { kind: 'digit', ...value };
  }

  #msOf = (bytes: number) => (bytes / this.#options.frameBytes) * FRAME_MS;
}
