import type { Connection, Failed, Listener, Received } from './flow.ts';
import type { StreamLimits } from './stream-limits.ts';

/** Who is at the other end, and what becomes of what it sends. */
export interface LinkEnds {
  /** without brackets */
  readonly host: string;
  readonly port: number;
  readonly listener: Listener;
  readonly limits: StreamLimits;
  readonly received: Received;
  /** called once, also when it never was open */
  closed(): void;
  /** called with the first message */
  spoke(): void;
}

/** One connection, whoever opened it; it carries requests and responses both ways. */
export abstract class Link implements Connection {
  readonly listener: Listener;
  /** transactions that still want an answer over this connection */
  readonly waiting = new Set<Failed>();
  protected readonly ends: LinkEnds;
  readonly #idle: NodeJS.Timeout;
  #broken = false;
  #spoken = false;

  constructor(ends: LinkEnds) {
    this.ends = ends;
    this.listener = ends.listener;
    this.#idle = setTimeout(() => this.quiet(), ends.limits.idle).unref();
  }

  get open(): boolean {
    return !this.#broken && this.writable;
  }

  /** It has been open: what fails from now on is no refusal. */
  abstract readonly established: boolean;
  protected abstract readonly writable: boolean;
  abstract send(text: string): void;
  abstract close(why?: Error): void;
  /** nothing was heard for the idle time */
  protected abstract quiet(): void;

  protected heard(): void {
    this.#idle.refresh();
  }

  protected take(text: string): void {
    if (!this.#spoken) this.ends.spoke();
    this.#spoken = true;
    const { listener, host, port } = this.ends;
    this.ends.received(text, { listener, host, port, connection: this, size: text.length });
  }

  protected fail(error: Error): void {
    this.#broken = true;
    clearTimeout(this.#idle);
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const failed of waiting) failed(error);
  }
}
