import type { WebSocket } from 'ws';

/** Bytes that a socket may hold back: an agent that reads so slowly hears what is new, not what is old. */
const MOST_BUFFERED = 512 * 1024;

/** An agent that reads nothing for so long is gone, ms. */
const STUCK_MS = 10_000;

/** Whether an agent reads what it is sent. */
export class Reader {
  #stuckSince: number | undefined;

  isReading = (socket: WebSocket | undefined): boolean => (socket?.bufferedAmount ?? 0) < MOST_BUFFERED;

  /** To be asked now and then: whatever TCP says, such a socket is broken. */
  isStuck(socket: WebSocket | undefined, nowMs: number): boolean {
    if (this.isReading(socket)) this.#stuckSince = undefined;
    else this.#stuckSince ??= nowMs;
    return this.#stuckSince !== undefined && nowMs - this.#stuckSince >= STUCK_MS;
  }
}
