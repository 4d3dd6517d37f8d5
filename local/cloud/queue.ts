import { createHash, randomUUID } from 'node:crypto';

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
  readonly #inFlight = new Map<string, { message: StoredMessage; timer: NodeJS.Timeout }>();
  readonly #polls = new Set<Poll>();
  readonly #delays = new Set<NodeJS.Timeout>();
  readonly #redrive: (arn: string, message: StoredMessage) => void;

  constructor(settings: QueueSettings, redrive: (arn: string, message: StoredMessage) => void) {
    this.settings = settings;
    this.#redrive = redrive;
  }

  /** Messages that can be received, are being handled, or are delayed. */
  get depth(): { ready: number; inFlight: number; delayed: number } {
    return { ready: this.#ready.length, inFlight: this.#inFlight.size, delayed: this.#delays.size };
  }

  get messages(): readonly string[] {
    return [...this.#ready, ...[...this.#inFlight.values()].map(({ message }) => message)].map(({ body }) => body);
  }

  send(body: string, attributes?: Record<string, unknown>, delayMs = this.settings.delayMs): StoredMessage {
    const message = { id: randomUUID(), body, attributes, sentAt: Date.now(), receives: 0, firstReceivedAt: undefined, receipt: undefined };
    this.#later(delayMs, message);
    return message;
  }

  /** Takes over a message as it is: how a dead-letter queue gets it. */
  accept(message: StoredMessage): void {
    this.#later(0, { ...message, receives: 0, receipt: undefined });
  }

  #later(delayMs: number, message: StoredMessage): void {
    if (delayMs <= 0) {
      this.#ready.push(message);
      return this.#serve();
    }
    const timer = setTimeout(() => {
      this.#delays.delete(timer);
      this.#ready.push(message);
      this.#serve();
    }, delayMs);
    this.#delays.add(timer);
  }

  /** Waits up to `waitMs` for the first message. A poll whose client is gone takes nothing. */
  receive(max: number, waitMs: number, visibilityMs: number, gone: AbortSignal): Promise<StoredMessage[]> {
    return new Promise((resolve) => {
      const finish = (messages: StoredMessage[]) => {
        clearTimeout(timer);
        this.#polls.delete(poll);
        resolve(messages);
      };
      const poll: Poll = { max, visibilityMs, take: finish };
      const timer = setTimeout(() => finish([]), waitMs);
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
    message.firstReceivedAt ??= Date.now();
    const receipt = randomUUID();
    message.receipt = receipt;
    const timer = setTimeout(() => this.changeVisibility(receipt, 0), visibilityMs);
    this.#inFlight.set(receipt, { message, timer });
    return { ...message };
  }

  delete(receipt: string): void {
    clearTimeout(this.#inFlight.get(receipt)?.timer);
    this.#inFlight.delete(receipt);
  }

  /** Zero gives the message back at once. False: no such receipt. */
  changeVisibility(receipt: string, ms: number): boolean {
    const hidden = this.#inFlight.get(receipt);
    if (!hidden) return false;
    clearTimeout(hidden.timer);
    if (ms > 0) {
      hidden.timer = setTimeout(() => this.changeVisibility(receipt, 0), ms);
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
    for (const { timer } of this.#inFlight.values()) clearTimeout(timer);
    for (const timer of this.#delays) clearTimeout(timer);
    for (const poll of [...this.#polls]) poll.take([]);
  }
}
