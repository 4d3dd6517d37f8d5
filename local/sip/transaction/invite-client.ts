import type { Outlet } from '../transport/flow.ts';
import type { IncomingResponse } from './incoming-response.ts';
import { type SipTimers, TransactionClock } from './timers.ts';

/** The transaction user of an INVITE we sent. */
export interface InviteClientUser {
  /** 1xx, the first 2xx, or 3xx-6xx, each that is no retransmission */
  response(response: IncomingResponse): void;
  /** a further 2xx: a retransmission, or another fork's (RFC 6026 §7.2) */
  furtherSuccess(response: IncomingResponse): void;
  /** no final response: 'timeout' is timer B, or 64*T1 after a CANCEL (§9.1); 'transport' is §17.1.4 */
  failed(why: 'timeout' | 'transport'): void;
  /** the ACK for a 3xx-6xx, which the transaction sends itself (§17.1.1.3) */
  ackFor(response: IncomingResponse): string;
  ended(): void;
}

interface State {
  readonly name: string;
  readonly provisional?: (t: InviteClient, response: IncomingResponse) => State;
  readonly success?: (t: InviteClient, response: IncomingResponse) => State;
  readonly failure?: (t: InviteClient, response: IncomingResponse) => State;
  readonly retransmit?: (t: InviteClient) => State;
  readonly deadline?: (t: InviteClient) => State;
  readonly transportError?: (t: InviteClient) => State;
}

/**
 * RFC 3261 figure 5 with the accepted state of RFC 6026 figure 4:
 * calling ─1xx▶ proceeding ─2xx▶ accepted ─M▶ terminated;  calling, proceeding ─3xx-6xx▶ completed ─D▶ terminated
 */
const calling: State = {
  name: 'calling',
  retransmit: (t) => t.sendAgain(), // timer A, §17.1.1.2
  deadline: (t) => t.fail('timeout'), // timer B, §17.1.1.2
  transportError: (t) => t.fail('transport'), // §17.1.4
  provisional: (t, response) => t.proceed(response), // §17.1.1.2
  success: (t, response) => t.accept(response), // RFC 6026 §8.4
  failure: (t, response) => t.complete(response), // §17.1.1.2
};

const proceeding: State = {
  name: 'proceeding',
  deadline: (t) => t.fail('timeout'), // armed by a CANCEL alone, §9.1
  provisional: (t, response) => t.report(response, proceeding),
  success: (t, response) => t.accept(response),
  failure: (t, response) => t.complete(response),
};

const completed: State = {
  name: 'completed',
  failure: (t, response) => t.acknowledge(response), // the ACK was lost, §17.1.1.2
  deadline: (t) => t.end(), // timer D
  transportError: (t) => t.end(), // the user has its final response
};

const accepted: State = {
  name: 'accepted',
  success: (t, response) => t.further(response), // RFC 6026 §7.2
  deadline: (t) => t.end(), // timer M
};

const terminated: State = { name: 'terminated' };

export class InviteClient {
  /** '' once it need not be sent again */
  #text: string;
  readonly #outlet: Outlet;
  readonly #timers: SipTimers;
  readonly #user: InviteClientUser;
  readonly #clock = new TransactionClock();
  #interval: number;
  #state: State = calling;
  #cancel: (() => void) | undefined;

  constructor(text: string, outlet: Outlet, timers: SipTimers, user: InviteClientUser) {
    this.#text = text;
    this.#outlet = outlet;
    this.#timers = timers;
    this.#user = user;
    this.#interval = timers.a;
  }

  get reliable(): boolean {
    return this.#outlet.reliable;
  }

  start(): void {
    this.#outlet.send(this.#text);
    if (!this.#outlet.reliable) this.#armRetransmit();
    this.#armDeadline(this.#timers.b);
  }

  receive(response: IncomingResponse): void {
    const { provisional, success, failure } = this.#state;
    const act = response.status < 200 ? provisional : response.status < 300 ? success : failure;
    if (act) this.#state = act(this, response);
  }

  transportError(): void {
    if (this.#state.transportError) this.#state = this.#state.transportError(this);
  }

  /**
   * Send a CANCEL once that is allowed: held until a provisional response (§9.1).
   * False when a final response has come: there is nothing left to cancel.
   */
  cancel(send: () => void): boolean {
    if (this.#state !== calling && this.#state !== proceeding) return false;
    this.#cancel = send;
    if (this.#state === proceeding) this.#sendCancel();
    return true;
  }

  get canceled(): boolean {
    return this.#cancel !== undefined;
  }

  sendAgain(): State {
    this.#outlet.send(this.#text);
    this.#interval *= 2;
    this.#armRetransmit();
    return calling;
  }

  proceed(response: IncomingResponse): State {
    this.#clock.stop();
    this.#state = proceeding;
    this.#user.response(response);
    if (this.#cancel) this.#sendCancel();
    return this.#state;
  }

  report(response: IncomingResponse, next: State): State {
    this.#user.response(response);
    return next;
  }

  accept(response: IncomingResponse): State {
    this.#text = '';
    this.#clock.stop();
    this.#armDeadline(this.#timers.m);
    this.#outlet.release();
    this.#state = accepted;
    this.#user.response(response);
    return accepted;
  }

  further(response: IncomingResponse): State {
    this.#user.furtherSuccess(response);
    return accepted;
  }

  complete(response: IncomingResponse): State {
    this.#text = '';
    this.#clock.stop();
    this.acknowledge(response);
    this.#user.response(response);
    if (this.#outlet.reliable) return this.end(); // timer D is 0 on a reliable transport
    this.#armDeadline(this.#timers.d);
    return completed;
  }

  acknowledge(response: IncomingResponse): State {
    this.#outlet.send(this.#user.ackFor(response));
    return completed;
  }

  fail(why: 'timeout' | 'transport'): State {
    this.#user.failed(why);
    return this.end();
  }

  end(): State {
    this.#clock.stop();
    this.#outlet.release();
    this.#user.ended();
    return terminated;
  }

  /** The server is being stopped: forget everything, tell nobody. */
  abandon(): void {
    this.#clock.stop();
    this.#outlet.release();
    this.#state = terminated;
  }

  #sendCancel(): void {
    this.#cancel?.();
    this.#armDeadline(this.#timers.b);
  }

  #armRetransmit(): void {
    this.#clock.retransmitIn(this.#interval, () => this.#timer('retransmit'));
  }

  #armDeadline(ms: number): void {
    this.#clock.deadlineIn(ms, () => this.#timer('deadline'));
  }

  #timer(which: 'retransmit' | 'deadline'): void {
    const act = this.#state[which];
    if (act) this.#state = act(this);
  }
}
