/** Bytes of one frame of the application protocol; a SIP message is at most 64 kB. */
const largestFrame = 256 * 1024;

/** A length is at most this many digits. */
const mostDigits = 6;

/**
 * Cuts an application's TCP stream into frames: `<bytes>#<payload>`, the length counted in bytes of UTF-8.
 * The payload is handed on as Latin-1, one character a byte, so that a chunk may end inside a character.
 */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  /** Throws when the stream cannot be followed any more. */
  push(chunk: Buffer): string[] {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const frames: string[] = [];
    for (;;) {
      const hash = this.#held.indexOf(0x23);
      if (hash < 0 && this.#held.length <= mostDigits) return frames;
      const digits = this.#held.toString('latin1', 0, hash < 0 ? mostDigits + 1 : hash);
      if (!/^\d{1,6}$/.test(digits))
        throw new Error(`a frame must begin with its length: '${digits.slice(0, 20)}'`);
      const length = Number(digits);
      if (length > largestFrame) throw new Error(`a frame of ${length} bytes is too large`);
      const end = hash + 1 + length;
      if (this.#held.length < end) return frames;
      frames.push(this.#held.toString('latin1', hash + 1, end));
      this.#held = this.#held.subarray(end);
    }
  }
}
