import type { Socket } from 'node:net';
import type { Connection, Failed, Listener, Received } from './flow.ts';
import { StreamFramer } from './stream-framer.ts';

/** Bytes a peer may leave unread before it is given up. */
const mostUnread = 4 * 1024 * 1024;

/** One TCP connection, whoever opened it; it carries requests and responses both ways. */
export class TcpConnection implements Connection {
  readonly host: string;
  readonly port: number;
  /** transactions that still want an answer over this connection */
  readonly waiting = new Set<Failed>();
  readonly #socket: Socket;
  #partial: NodeJS.Timeout | undefined;
  #open = true;

  /** `patience`: ms a begun message may take to arrive whole. */
  constructor(
    socket: Socket,
    host: string,
    port: number,
    listener: Listener,
    received: Received,
    patience: number,
    closed: () => void,
  ) {
    this.#socket = socket;
    this.host = host;
    this.port = port;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    const framer = new StreamFramer(
      (text) => received(text, { listener, host, port, connection: this, size: text.length }),
      () => this.send('\r\n'),
    );
    socket.on('data', (chunk) => this.#read(framer, chunk, patience));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => {
      this.#fail(new Error('the connection was closed'));
      closed();
    });
  }

  get open(): boolean {
    return this.#open && this.#socket.writable;
  }

  send(text: string): void {
    if (!this.#open) return;
    this.#socket.write(text, 'latin1');
    if (this.#socket.writableLength > mostUnread)
      this.#socket.destroy(new Error('the peer does not read what it is sent'));
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(framer: StreamFramer, chunk: Buffer, patience: number): void {
    const broken = framer.push(chunk);
    if (broken !== undefined) {
      this.#socket.end(); // the answer to what could be read goes out first
      this.#socket.removeAllListeners('data').resume();
      setTimeout(() => this.#socket.destroy(), 1_000).unref();
    } else if (!framer.waiting) this.#clearPartial();
    else this.#partial ??= setTimeout(() => this.#socket.destroy(), patience).unref();
  }

  #clearPartial(): void {
    clearTimeout(this.#partial);
    this.#partial = undefined;
  }

  #fail(error: Error): void {
    this.#open = false;
    this.#clearPartial();
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const failed of waiting) failed(error);
  }
}
