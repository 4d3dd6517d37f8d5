import { randomInt } from 'node:crypto';
import type { SipMessage } from '../message/sip-message.ts';
import type { SipTimers } from '../transaction/timers.ts';

interface Provisional {
  readonly seq: number;
  readonly text: string;
  readonly hasBody: boolean;
}

/**
 * The reliable provisional responses to one INVITE (RFC 3262 §3): one is under way at a time, repeated until its PRACK;
 * further ones, and a 2xx while one with a session description is under way, wait for it.
 */
export class ReliableProvisionals {
  readonly #timers: SipTimers;
  readonly #send: (text: string) => void;
  readonly #gaveUp: () => void;
  #nextSeq = randomInt(1, 2 ** 31);
  #waiting: Provisional[] = [];
  #repeat: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #afterwards: (() => void) | undefined;

  /** `gaveUp`: no PRACK within 64*T1, the INVITE is to be refused. */
  constructor(timers: SipTimers, send: (text: string) => void, gaveUp: () => void) {
    this.#timers = timers;
    this.#send = send;
    this.#gaveUp = gaveUp;
  }

  /** Give the response its RSeq and send it when its turn comes. */
  add(response: SipMessage): void {
    const seq = this.#nextSeq++;
    response.add('RSeq', String(seq));
    this.#waiting.push({ seq, text: response.print(), hasBody: response.body !== '' });
    if (this.#waiting.length === 1) this.#sendNext();
  }

  /** True when this PRACK is for the response under way; `proceed` is to follow once the application has it. */
  acknowledge(rack: string, inviteSeq: number): boolean {
    const parts = /^(\d+)\s+(\d+)\s+INVITE\s*$/.exec(rack);
    const current = this.#waiting[0];
    if (!parts || !current || Number(parts[1]) !== current.seq || Number(parts[2]) !== inviteSeq)
      return false;
    this.#waiting.shift();
    this.#stopTimers();
    return true;
  }

  /** What had to wait for a PRACK goes on. */
  proceed(): void {
    if (this.#waiting.length > 0) this.#sendNext();
    else this.#afterwards?.();
  }

  /** Do this once no session description waits for its PRACK (RFC 3262 §3); at once when none does. */
  thenFinally(act: () => void): void {
    if (this.#waiting.some((one) => one.hasBody)) this.#afterwards = act;
    else act();
  }

  stop(): void {
    this.#stopTimers();
    this.#waiting = [];
    this.#afterwards = undefined;
  }

  #sendNext(): void {
    const current = this.#waiting[0];
    if (!current) return;
    this.#deadline = setTimeout(() => {
      this.stop();
      this.#gaveUp();
    }, this.#timers.t1x64).unref();
    this.#transmit(current.text, this.#timers.t1);
  }

  #transmit(text: string, interval: number): void {
    this.#send(text);
    this.#repeat = setTimeout(() => this.#transmit(text, interval * 2), interval).unref(); // RFC 3262 §3: T1, doubling without a cap
  }

  #stopTimers(): void {
    clearTimeout(this.#repeat);
    clearTimeout(this.#deadline);
  }
}
