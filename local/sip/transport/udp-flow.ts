import type { Socket } from 'node:dgram';
import type { Failed } from './flow.ts';
import { sharedSocket } from './udp-socket.ts';

/** A socket of ours connected to one peer: what it sends comes from our contact's address, and refusals reach it. */
export class UdpFlow {
  /** transactions that still want an answer from this peer */
  readonly waiting = new Set<Failed>();
  readonly #socket: Socket;
  #unsent: Buffer[] | undefined = [];
  #closed = false;

  constructor(
    bound: string,
    port: number,
    peerHost: string,
    peerPort: number,
    take: (data: Buffer, host: string, port: number) => void,
  ) {
    this.#socket = sharedSocket(bound);
    this.#socket.on('message', (data, from) => take(data, from.address, from.port));
    this.#socket.on('error', (error) => this.#refused(error));
    this.#socket.bind(port, bound, () => {
      if (this.#closed) return;
      this.#socket.connect(peerPort, peerHost, () => this.#ready());
    });
  }

  send(text: string): void {
    const data = Buffer.from(text, 'latin1');
    if (this.#unsent) this.#unsent.push(data);
    else this.#transmit(data, true);
  }

  /** A send first returns the refusal of an earlier one and sends nothing: then it is tried once more. */
  #transmit(data: Buffer, again: boolean): void {
    if (this.#closed) return;
    this.#socket.send(data, (error) => {
      if (error && again) this.#transmit(data, false);
      else if (error) this.#refused(error);
    });
  }

  #ready(): void {
    const unsent = this.#unsent ?? [];
    this.#unsent = undefined;
    for (const data of unsent) this.#transmit(data, true);
  }

  #refused(error: Error): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const failed of waiting) failed(error);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.waiting.clear();
    this.#socket.close();
  }
}
