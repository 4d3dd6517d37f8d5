import type { WebSocket } from 'ws';

/** An agent that reads nothing for so long is gone, ms. */
const STUCK_MS = 10_000;

/** Whether an agent reads what it is sent. */
export class Reader {
  /** What a socket may hold back, bytes: one second of audio. An agent that reads more slowly misses frames, and hears none that is much older. */
  readonly #most: number;
  #stuckSince: number | undefined;

  constructor(bytesPerSecond: number) {
    this.#most = bytesPerSecond;
  }

  isReading = (socket: Pick<WebSocket, 'bufferedAmount'> | undefined): boolean =>
    (socket?.bufferedAmount ?? 0) < this.#most;

  /** To be asked now and then: whatever TCP says, such a socket is broken. */
  isStuck(socket: Pick<WebSocket, 'bufferedAmount'> | undefined, nowMs: number): boolean {
    if (this.isReading(socket)) this.#stuckSince = undefined;
    else this.#stuckSince ??= nowMs;
    return this.#stuckSince !== undefined && nowMs - this.#stuckSince >= STUCK_MS;
  }
}
