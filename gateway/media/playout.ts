import { type DigitPacket, digitPackets } from './outgoing-digit.ts';

/** Bytes of a frame: 20 ms of G.711. */
const FRAME = 160;
const BYTES_PER_MS = 8;

/** Between two keys there is a pause, or a receiver hears one. */
const PAUSE_FRAMES = 3;

type Item =
  | { readonly kind: 'audio'; readonly bytes: Uint8Array; at: number }
  | { readonly kind: 'mark'; readonly name: string }
  | { readonly kind: 'digit'; readonly key: string; readonly durationMs: number }
  | { readonly kind: 'pause'; frames: number };

/** What goes out in the next 20 ms. */
export type Outgoing =
  | { readonly kind: 'audio'; readonly payload: Uint8Array; readonly isSilence: boolean }
  | ({ readonly kind: 'digit' } & DigitPacket);

export interface PlayoutOptions {
  /** The byte of silence in the call's codec of the moment. */
  readonly silence: () => number;
  /** Audio that may wait, ms. */
  readonly maxMs: number;
  readonly onMark: (name: string, played: boolean) => void;
  readonly onDigitSent: (key: string) => void;
}

/** What an agent has sent and the caller has not heard yet: audio, marks and keys, in their order. */
export class Playout {
  readonly #options: PlayoutOptions;
  #items: Item[] = [];
  #bytes = 0;
  #pressed: { readonly key: string; readonly packets: Generator<DigitPacket> } | undefined;

  constructor(options: PlayoutOptions) {
    this.#options = options;
  }

  get queuedMs(): number {
    return this.#bytes / BYTES_PER_MS;
  }

  /** False: it would be more than may wait, and nothing was taken. */
  play(bytes: Uint8Array): boolean {
    if ((this.#bytes + bytes.length) / BYTES_PER_MS > this.#options.maxMs) return false;
    if (bytes.length > 0) this.#items.push({ kind: 'audio', bytes, at: 0 });
    this.#bytes += bytes.length;
    return true;
  }

  mark(name: string): void {
    this.#items.push({ kind: 'mark', name });
  }

  press(keys: readonly string[], durationMs: number): void {
    for (const key of keys)
      this.#items.push({ kind: 'digit', key, durationMs }, { kind: 'pause', frames: PAUSE_FRAMES });
  }

  /** A key that is being sent is sent to its end: half of one is no key. Keys that wait are kept, they are no audio. */
  clear(): void {
    const cleared = this.#items;
    this.#items = cleared.filter(({ kind }) => kind === 'digit' || kind === 'pause');
    this.#bytes = 0;
    for (const item of cleared) if (item.kind === 'mark') this.#options.onMark(item.name, false);
  }

  /** What waits, in another codec: as many bytes. */
  translate(into: (bytes: Uint8Array) => Uint8Array): void {
    this.#items = this.#items.map((item) =>
      item.kind === 'audio' ? { ...item, bytes: into(item.bytes) } : item,
    );
  }

  next(): Outgoing {
    if (this.#pressed) return this.#digit(this.#pressed);
    const payload = new Uint8Array(FRAME).fill(this.#options.silence());
    let filled = 0;
    for (let item = this.#items[0]; item && filled < FRAME; item = this.#items[0]) {
      if (item.kind === 'audio') filled += this.#copy(item, payload, filled);
      else if (item.kind === 'mark') {
        this.#items.shift();
        this.#options.onMark(item.name, true);
      } else if (filled > 0) break;
      else if (item.kind === 'pause') {
        item.frames -= 1;
        if (item.frames <= 0) this.#items.shift();
        break;
      } else {
        this.#items.shift();
        this.#pressed = { key: item.key, packets: digitPackets(item.key, item.durationMs) };
        return this.#digit(this.#pressed);
      }
    }
    this.#markPlayed();
    return { kind: 'audio', payload, isSilence: filled === 0 };
  }

  /** A mark right behind the audio of this frame is played with it. */
  #markPlayed(): void {
    for (let item = this.#items[0]; item?.kind === 'mark'; item = this.#items[0]) {
      this.#items.shift();
      this.#options.onMark(item.name, true);
    }
  }

  #copy(item: Extract<Item, { kind: 'audio' }>, payload: Uint8Array, from: number): number {
    const part = item.bytes.subarray(item.at, item.at + FRAME - from);
    payload.set(part, from);
    item.at += part.length;
    this.#bytes -= part.length;
    if (item.at >= item.bytes.length) this.#items.shift();
    return part.length;
  }

  #digit({ key, packets }: { key: string; packets: Generator<DigitPacket> }): Outgoing {
    const { value } = packets.next();
    if (!value) throw new Error(`the key ${key} has no packet`);
    if (value.isLast) {
      this.#pressed = undefined;
      this.#options.onDigitSent(key);
    }
    return { kind: 'digit', ...value };
  }
}
