import { headerName } from '../message/header-names.ts';
import { largestMessage } from './stream-limits.ts';

const headersEnd = Buffer.from('\r\n\r\n');

/** Cuts a TCP stream into messages by Content-Length (RFC 3261 §18.3). It never holds more than one message unread. */
export class StreamFramer {
  #held: Buffer = Buffer.alloc(0);
  /** how much of `#held` is known to hold no end of headers */
  #searched = 0;
  /** empty lines since the last message */
  #empty = 0;
  readonly #message: (text: string) => void;
  readonly #ping: () => void;

  constructor(message: (text: string) => void, ping: () => void) {
    this.#message = message;
    this.#ping = ping;
  }

  /** True while a message has begun and not ended. */
  get waiting(): boolean {
    return this.#held.length > 0;
  }

  /** Returns why the stream can no longer be followed, undefined while it can. The text it broke on is still delivered. */
  push(chunk: Buffer): string | undefined {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    for (;;) {
      this.#skipKeepAlive();
      if (this.#held.length === 0) return undefined;
      const end = this.#held.indexOf(headersEnd, this.#searched);
      if (end < 0) {
        this.#searched = Math.max(0, this.#held.length - 3);
        return this.#held.length > largestMessage ? 'the headers are too large' : undefined;
      }
      const length = contentLength(this.#held.toString('latin1', 0, end));
      if (length === undefined) return this.#broken(end + 4, 'no usable Content-Length');
      const total = end + 4 + length;
      if (total > largestMessage) return this.#broken(end + 4, 'the message is too large');
      if (this.#held.length < total) return undefined;
      this.#deliver(total);
    }
  }

  #broken(upTo: number, why: string): string {
    this.#deliver(upTo);
    return why;
  }

  #deliver(total: number): void {
    const text = this.#held.toString('latin1', 0, total);
    this.#held = this.#held.subarray(total);
    this.#searched = 0;
    this.#message(text);
  }

  /** Empty lines between messages: each two are a ping that wants an answer (RFC 5626 §5.4), others mean nothing (§7.5). */
  #skipKeepAlive(): void {
    let at = 0;
    let pings = 0;
    while (this.#held[at] === 0x0d && this.#held[at + 1] === 0x0a) {
      at += 2;
      this.#empty++;
      if (this.#empty % 2 === 0) pings++;
    }
    if (pings > 0) this.#ping(); // one answer for all of a chunk: a flood of pings must not be answered by one of pongs
    if (at > 0) this.#held = this.#held.subarray(at);
    if (this.#held.length > 1 || (this.#held.length === 1 && this.#held[0] !== 0x0d)) this.#empty = 0;
  }
}

/** undefined where there is none, none that can be read, or more than one: who follows which could be led astray. */
function contentLength(headers: string): number | undefined {
  let found: string | undefined;
  for (const line of headers.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon < 0 || headerName(line.slice(0, colon).trimEnd()).key !== 'content-length') continue;
    if (found !== undefined) return undefined;
    found = line.slice(colon + 1).trim();
  }
  return found !== undefined && /^\d{1,9}$/.test(found) ? Number(found) : undefined;
}
