import { isUtf8 } from 'node:buffer';
import { type RawData, WebSocket } from 'ws';
import { Link, type LinkEnds } from './link.ts';
import { mostUnread } from './stream-limits.ts';

/** A WebSocket of the subprotocol `sip`: one SIP message in each of its messages (RFC 7118 §5). */
export class WebSocketLink extends Link {
  readonly #socket: WebSocket;
  #unsent: string[] = [];
  #established: boolean;
  #pong: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, ends: LinkEnds) {
    super(ends);
    this.#socket = socket;
    this.#established = socket.readyState === WebSocket.OPEN;
    socket.on('open', () => this.#opened());
    socket.on('message', (data) => this.#read(data));
    socket.on('pong', () => this.#alive());
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
    return this.#socket.readyState <= WebSocket.OPEN;
  }

  /** A text message has to be UTF-8; what is not goes as a binary one, which every peer takes (RFC 7118 §5.2). */
  send(text: string): void {
    if (!this.open) return;
    if (!this.#established) {
      this.#unsent.push(text);
      return;
    }
    const data = Buffer.from(text, 'latin1');
    this.#socket.send(data, { binary: !isUtf8(data) });
    if (this.#socket.bufferedAmount > mostUnread) this.close();
  }

  close(): void {
    this.#socket.terminate();
  }

  /** A browser cannot be connected to: it is asked whether it is still there before it is given up. */
  protected quiet(): void {
    this.#pong ??= setTimeout(() => this.close(), this.ends.limits.message).unref();
    this.#socket.ping();
  }

  #alive(): void {
    clearTimeout(this.#pong);
    this.#pong = undefined;
    this.heard();
  }

  #opened(): void {
    this.#established = true;
    const unsent = this.#unsent;
    this.#unsent = [];
    for (const text of unsent) this.send(text);
  }

  #read(data: RawData): void {
    this.#alive();
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
    const text = bytes.toString('latin1');
    if (text === '\r\n\r\n')
      this.send('\r\n'); // RFC 7118 §6
    else if (!/^[\r\n]*$/.test(text)) this.take(text);
  }

  #lost(error: Error): void {
    clearTimeout(this.#pong);
    this.fail(error);
  }
}
