import type { Socket } from 'node:net';
import type { StreamLimits } from './stream-limits.ts';

/**
 * Who may connect, over all contacts. When all places are taken, the one that has been here longest without ever
 * sending a message makes room: silent connections keep nobody out.
 */
export class Door {
  readonly #limits: StreamLimits;
  readonly #inside = new Map<Socket, string>();
  readonly #byAddress = new Map<string, number>();
  /** in the order in which they came */
  readonly #silent = new Set<Socket>();

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  /** False when it may not, and has been sent away. */
  admit(socket: Socket): boolean {
    const address = socket.remoteAddress ?? '';
    const siblings = this.#byAddress.get(address) ?? 0;
    if (siblings >= this.#limits.perAddress || !this.#room()) {
      socket.destroy();
      return false;
    }
    this.#inside.set(socket, address);
    this.#byAddress.set(address, siblings + 1);
    this.#silent.add(socket);
    socket.once('close', () => this.#left(socket));
    return true;
  }

  /** It has sent a message. */
  spoke(socket: Socket): void {
    this.#silent.delete(socket);
  }

  #room(): boolean {
    if (this.#inside.size < this.#limits.connections) return true;
    const [longest] = this.#silent;
    if (!longest) return false;
    this.#left(longest);
    longest.destroy();
    return true;
  }

  #left(socket: Socket): void {
    const address = this.#inside.get(socket);
    if (address === undefined) return;
    this.#inside.delete(socket);
    this.#silent.delete(socket);
    const siblings = (this.#byAddress.get(address) ?? 1) - 1;
    if (siblings > 0) this.#byAddress.set(address, siblings);
    else this.#byAddress.delete(address);
  }
}
