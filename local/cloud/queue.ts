import { createHash, randomUUID } from 'node:crypto';
import type { Timers } from './timers.ts';

export interface QueueSettings {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly visibilityMs: number;
  readonly delayMs: number;
  readonly waitMs: number;
  readonly redrive: { readonly arn: string; readonly after: number } | undefined;
}

export interface StoredMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: Record<string, unknown> | undefined;
  /** The system attribute AWSTraceHeader. */
  readonly trace: string | undefined;
  readonly sentAt: number;
  receives: number;
  firstReceivedAt: number | undefined;
  receipt: string | undefined;
}

interface Poll {
  readonly max: number;
  readonly visibilityMs: number;
  take(messages: StoredMessage[]): void;
}

export const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** One standard queue: at least once, no order promised. Timers are held by this queue and end with it. */
export class Queue {
  readonly settings: QueueSettings;
  readonly #ready: StoredMessage[] = [];
  readonly #inFlight = new Map<string, { message: StoredMessage; callOff: () => void }>();
  readonly #polls = new Set<Poll>();
  readonly #delays = new Set<() => void>();
  readonly #redrive: (arn: string, message: StoredMessage) => void;
  readonly #timers: Timers;

  constructor(
    settings: QueueSettings,
    timers: Timers,
    redrive: (arn: string, message: StoredMessage) => void,
  ) {
    this.#timers = timers;
    this.settings = settings;
    this.#redrive = redrive;
  }

  /** Messages that can be received, are being handled, or are delayed. */
  get depth(): { ready: number; inFlight: number; delayed: number } {
    return { ready: this.#ready.length, inFlight: this.#inFlight.size, delayed: this.#delays.size };
  }

  get messages(): readonly string[] {
    return [...this.#ready, ...[...this.#inFlight.values()].map(({ message }) => message)].map(
      ({ body }) => body,
    );
  }

  send(
    body: string,
    attributes?: Record<string, unknown>,
    delayMs = this.settings.delayMs,
    trace?: string,
  ): StoredMessage {
    const fresh = { receives: 0, firstReceivedAt: undefined, receipt: undefined };
    const message = { id: randomUUID(), body, attributes, trace, sentAt: this.#timers.now(), ...fresh };
    this.#later(delayMs, message);
    return message;
  }

  /** Takes over a message with its age: how a dead-letter queue gets it. */
  accept(message: StoredMessage): void {
    this.#later(0, { ...message, receives: 0, receipt: undefined });
  }

  #later(delayMs: number, message: StoredMessage): void {
    if (delayMs <= 0) {
      this.#ready.push(message);
      this.#serve();
      return;
    }
    const callOff = this.#timers.after(delayMs, () => {
      this.#delays.delete(callOff);
      this.#ready.push(message);
      this.#serve();
    });
    this.#delays.add(callOff);
  }

  /** Waits up to `waitMs` for the first message. A poll whose client is gone takes nothing. */
  receive(max: number, waitMs: number, visibilityMs: number, gone: AbortSignal): Promise<StoredMessage[]> {
    return new Promise((resolve) => {
      const finish = (messages: StoredMessage[]) => {
        callOff();
        this.#polls.delete(poll);
        resolve(messages);
      };
      const poll: Poll = { max, visibilityMs, take: finish };
      const callOff = this.#timers.after(waitMs, () => finish([]));
      if (gone.aborted) return finish([]);
      gone.addEventListener('abort', () => finish([]), { once: true });
      this.#polls.add(poll);
      this.#serve();
      if (waitMs <= 0 && this.#polls.has(poll)) finish([]);
    });
  }

  #serve(): void {
    for (const poll of this.#polls) {
      const taken: StoredMessage[] = [];
      while (taken.length < poll.max) {
        const message = this.#ready.shift();
        if (!message) break;
        if (this.#isSpent(message)) continue;
        taken.push(this.#hide(message, poll.visibilityMs));
      }
      if (taken.length === 0) return;
      poll.take(taken);
    }
  }

  #isSpent(message: StoredMessage): boolean {
    const { redrive } = this.settings;
    if (!redrive || message.receives < redrive.after) return false;
    this.#redrive(redrive.arn, message);
    return true;
  }

  #hide(message: StoredMessage, visibilityMs: number): StoredMessage {
    message.receives += 1;
    message.firstReceivedAt ??= this.#timers.now();
    const receipt = randomUUID();
    message.receipt = receipt;
    const callOff = this.#timers.after(visibilityMs, () => this.changeVisibility(receipt, 0));
    this.#inFlight.set(receipt, { message, callOff });
    return { ...message };
  }

  delete(receipt: string): void {
    this.#inFlight.get(receipt)?.callOff();
    this.#inFlight.delete(receipt);
  }

  /** Zero gives the message back at once. False: no such receipt. */
  changeVisibility(receipt: string, ms: number): boolean {
    const hidden = this.#inFlight.get(receipt);
    if (!hidden) return false;
    hidden.callOff();
    if (ms > 0) {
      hidden.callOff = this.#timers.after(ms, () => this.changeVisibility(receipt, 0));
      return true;
    }
    this.#inFlight.delete(receipt);
    this.#ready.push(hidden.message);
    this.#serve();
    return true;
  }

  purge(): void {
    this.#ready.length = 0;
  }

  close(): void {
    for (const { callOff } of this.#inFlight.values()) callOff();
    for (const callOff of this.#delays) callOff();
    for (const poll of [...this.#polls]) poll.take([]);
  }
}
