import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import { FrameReader } from './frame-reader.ts';

/** Bytes an application may leave unread before its connection is given up. */
const mostUnread = 64 * 1024 * 1024;

/** One connected application. Payloads are Latin-1 text, one character a byte. */
export class AppConnection {
  authenticated = false;
  readonly tags = new Set<string>();
  readonly routes = new Set<string>();
  readonly #socket: Socket;
  #unsent = '';
  #open = true;

  constructor(
    socket: Socket,
    frame: (app: AppConnection, payload: string) => void,
    closed: (app: AppConnection, why?: Error) => void,
  ) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 45_000);
    const reader = new FrameReader();
    let why: Error | undefined;
    socket.on('data', (chunk) => {
      try {
        for (const payload of reader.push(chunk)) if (this.#open) frame(this, payload);
      } catch (error) {
        why = error as Error;
        this.end();
      }
    });
    socket.on('error', (error) => {
      why = error;
    });
    socket.on('close', () => {
      this.#open = false;
      closed(this, why);
    });
  }

  get open(): boolean {
    return this.#open;
  }

  /** Frames of one turn of the event loop leave in one write. */
  send(tokens: string): void {
    if (!this.#open) return;
    if (this.#unsent === '') process.nextTick(() => this.#flush());
    const payload = `${randomUUID()}|${tokens}`;
    this.#unsent += `${payload.length}#${payload}`;
  }

  /** Say what is still to be said, then hang up. */
  end(): void {
    this.#flush();
    this.#open = false;
    this.#socket.end();
    setTimeout(() => this.#socket.destroy(), 1_000).unref();
  }

  destroy(): void {
    this.#open = false;
    this.#socket.destroy();
  }

  #flush(): void {
    if (this.#unsent === '' || !this.#socket.writable) return;
    this.#socket.write(this.#unsent, 'latin1');
    this.#unsent = '';
    if (this.#socket.writableLength > mostUnread)
      this.#socket.destroy(new Error('the application does not read what it is sent'));
  }
}
