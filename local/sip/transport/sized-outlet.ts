import type { Failed, Outlet } from './flow.ts';
import type { StreamOutlet } from './stream-listener.ts';

/** Bytes; a longer request does not go by UDP, for its answer might be cut on the way (RFC 3261 §18.1.1). */
const mostByUdp = 1_300;

/** ms a peer has to take a TCP connection before it is sent the request by UDP after all. */
const patience = 2_000;

const mostMoved = 10_000;

/** Transactions whose request went by TCP: what belongs to them, as their CANCEL, goes there too. */
export class MovedBranches {
  readonly #branches = new Set<string>();

  add(text: string): void {
    const [oldest] = this.#branches;
    if (this.#branches.size >= mostMoved && oldest !== undefined) this.#branches.delete(oldest);
    this.#branches.add(branchOf(text));
  }

  delete(text: string): void {
    this.#branches.delete(branchOf(text));
  }

  has(text: string): boolean {
    return this.#branches.size > 0 && this.#branches.has(branchOf(text));
  }
}

/** Of the topmost Via. */
const branchOf = (text: string): string => /^Via:[^\r]*?;branch=([^;,\s]+)/im.exec(text)?.[1] ?? '';

/** The top Via has to name the transport the request really goes by. */
export const withViaOf = (text: string, protocol: string): string =>
  text.replace(/^(Via:\s*SIP\/2\.0\/)[A-Z]+/im, `$1${protocol.toUpperCase()}`);

/**
 * A request by UDP, or by TCP when it is too long for that and the peer takes TCP. It counts as unreliable in either
 * case: the transaction goes on as over UDP, and what it would send again over TCP is left out.
 */
export class SizedOutlet implements Outlet {
  readonly reliable = false;
  readonly #udp: Outlet;
  readonly #connect: (failed: Failed) => StreamOutlet;
  readonly #moved: MovedBranches;
  readonly #failed: Failed;
  #tcp: StreamOutlet | undefined;
  #refused = false;
  #last = '';
  #late: NodeJS.Timeout | undefined;

  constructor(udp: Outlet, connect: (failed: Failed) => StreamOutlet, moved: MovedBranches, failed: Failed) {
    this.#udp = udp;
    this.#connect = connect;
    this.#moved = moved;
    this.#failed = failed;
  }

  send(text: string): void {
    if (this.#refused || !(text.length > mostByUdp || this.#moved.has(text))) this.#udp.send(text);
    else if (text !== this.#last) this.#sendByTcp(text);
  }

  #sendByTcp(text: string): void {
    this.#last = text;
    this.#moved.add(text);
    this.#tcp ??= this.#open();
    this.#tcp.send(withViaOf(text, 'tcp'));
  }

  #open(): StreamOutlet {
    const tcp = this.#connect((error) => {
      if (tcp.link.established) this.#failed(error);
      else this.#goBack();
    });
    if (!tcp.link.established)
      this.#late = setTimeout(() => {
        if (!tcp.link.established) this.#goBack();
      }, patience).unref();
    return tcp;
  }

  /** By UDP, however long it is: better than not at all (§18.1.1). */
  #goBack(): void {
    if (this.#refused) return;
    this.#refused = true;
    clearTimeout(this.#late);
    this.#tcp?.release();
    this.#moved.delete(this.#last);
    this.#udp.send(this.#last);
  }

  release(): void {
    clearTimeout(this.#late);
    this.#tcp?.release();
    this.#udp.release();
  }
}
