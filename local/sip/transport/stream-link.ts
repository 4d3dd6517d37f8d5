import type { Socket } from 'node:net';
import { Link, type LinkEnds } from './link.ts';
import { StreamFramer } from './stream-framer.ts';
import { mostUnread } from './stream-limits.ts';

/** A TCP or TLS connection. */
export class StreamLink extends Link {
  readonly #socket: Socket;
  readonly #framer: StreamFramer;
  #partial: NodeJS.Timeout | undefined;
  #established = false;

  /** A socket that is still connecting, or in its TLS handshake, sends what it is given once it is ready. */
  constructor(socket: Socket, ends: LinkEnds, ready: 'now' | 'connect' | 'secureConnect') {
    super(ends);
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    this.#framer = new StreamFramer(
      (text) => {
        this.#clearPartial();
        this.take(text);
      },
      () => this.send('\r\n'),
    );
    if (ready === 'now') this.#established = true;
    else this.#establish(ready);
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#lost(error));
    socket.on('close', () => {
      this.#lost(new Error('the connection was closed'));
      ends.closed();
    });
  }

  get established(): boolean {
    return this.#established;
  }

  protected get writable(): boolean {
    return this.#socket.writable;
  }

  send(text: string): void {
    if (!this.open) return;
    this.#socket.write(text, 'latin1');
    if (this.#socket.writableLength > mostUnread)
      this.close(new Error('the peer does not read what it is sent'));
  }

  close(why?: Error): void {
    this.#socket.destroy(why);
  }

  /** Nobody waits for anything here: a peer that is needed again is connected to again. */
  protected quiet(): void {
    if (this.waiting.size > 0) this.heard();
    else this.close();
  }

  #establish(ready: 'connect' | 'secureConnect'): void {
    const late = setTimeout(
      () => this.close(new Error('the peer took too long to connect')),
      this.ends.limits.handshake,
    ).unref();
    this.#socket.once('close', () => clearTimeout(late));
    this.#socket.once(ready, () => {
      clearTimeout(late);
      this.#established = true;
    });
  }

  #read(chunk: Buffer): void {
    this.heard();
    const broken = this.#framer.push(chunk);
    if (broken !== undefined) {
      this.#socket.end(); // the answer to what could be read goes out first
      this.#socket.removeAllListeners('data').resume();
      setTimeout(() => this.#socket.destroy(), 1_000).unref();
    } else if (!this.#framer.waiting) this.#clearPartial();
    else this.#partial ??= setTimeout(() => this.#socket.destroy(), this.ends.limits.message).unref();
  }

  #clearPartial(): void {
    clearTimeout(this.#partial);
    this.#partial = undefined;
  }

  #lost(error: Error): void {
    this.#clearPartial();
    this.fail(error);
  }
}
