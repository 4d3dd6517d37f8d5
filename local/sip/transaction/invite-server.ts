import type { Outlet } from '../transport/flow.ts';
import { type SipTimers, TransactionClock } from './timers.ts';

/** The transaction user of an INVITE we received. */
export interface InviteServerUser {
  ended(): void;
}

interface State {
  readonly name: string;
  readonly request?: (t: InviteServer) => State;
  readonly provisional?: (t: InviteServer, text: string) => State;
  readonly success?: (t: InviteServer, text: string) => State;
  readonly failure?: (t: InviteServer, text: string) => State;
  readonly ack?: (t: InviteServer) => State;
  readonly retransmit?: (t: InviteServer) => State;
  readonly deadline?: (t: InviteServer) => State;
}

/**
 * RFC 3261 figure 7 with the accepted state of RFC 6026 figure 5:
 * proceeding ─2xx▶ accepted ─L▶ terminated;  proceeding ─3xx-6xx▶ completed ─ACK▶ confirmed ─I▶ terminated
 */
const proceeding: State = {
  name: 'proceeding',
  request: (t) => t.repeat(proceeding), // the last provisional again, §17.2.1
  provisional: (t, text) => t.say(text, proceeding),
  success: (t, text) => t.accept(text), // RFC 6026 §8.5
  failure: (t, text) => t.refuse(text), // §17.2.1
  deadline: (t) => t.end(), // the application left it unanswered
};

const completed: State = {
  name: 'completed',
  request: (t) => t.repeat(completed), // §17.2.1
  retransmit: (t) => t.repeatLater(), // timer G
  ack: (t) => t.confirm(), // §17.2.1
  deadline: (t) => t.end(), // timer H: nobody acknowledged
};

const confirmed: State = {
  name: 'confirmed', // absorbs further ACKs
  deadline: (t) => t.end(), // timer I
};

const accepted: State = {
  name: 'accepted', // absorbs further INVITEs: the user repeats the 2xx, RFC 6026 §7.1
  success: (t, text) => t.say(text, accepted),
  deadline: (t) => t.end(), // timer L
};

const terminated: State = { name: 'terminated' };

export class InviteServer {
  readonly #outlet: Outlet;
  readonly #timers: SipTimers;
  readonly #user: InviteServerUser;
  readonly #clock = new TransactionClock();
  #interval: number;
  #last = '';
  #state: State = proceeding;

  constructor(outlet: Outlet, timers: SipTimers, user: InviteServerUser) {
    this.#outlet = outlet;
    this.#timers = timers;
    this.#user = user;
    this.#interval = timers.g;
  }

  get answered(): boolean {
    return this.#state !== proceeding;
  }

  /** Its 100 is all that was said; where nobody says more it is forgotten, and the caller with it. */
  awaitUser(): void {
    this.#clock.deadlineIn(this.#timers.silence, () => this.#timer('deadline'));
  }

  /** Somebody sees to it, however long that takes. */
  taken(): void {
    this.#clock.stop();
  }

  receiveAgain(): void {
    if (this.#state.request) this.#state = this.#state.request(this);
  }

  receiveAck(): void {
    if (this.#state.ack) this.#state = this.#state.ack(this);
  }

  /** False when this state allows no such response. */
  respond(status: number, text: string): boolean {
    if (this.#state === proceeding) this.taken();
    const act =
      status < 200 ? this.#state.provisional : status < 300 ? this.#state.success : this.#state.failure;
    if (act) this.#state = act(this, text);
    return act !== undefined;
  }

  say(text: string, next: State): State {
    this.#last = next === accepted ? '' : text;
    this.#outlet.send(text);
    return next;
  }

  repeat(state: State): State {
    if (this.#last !== '') this.#outlet.send(this.#last);
    return state;
  }

  accept(text: string): State {
    this.say(text, accepted);
    this.#clock.deadlineIn(this.#timers.l, () => this.#timer('deadline'));
    return accepted;
  }

  refuse(text: string): State {
    this.say(text, completed);
    if (!this.#outlet.reliable) this.#armRetransmit();
    this.#clock.deadlineIn(this.#timers.h, () => this.#timer('deadline'));
    return completed;
  }

  repeatLater(): State {
    this.#outlet.send(this.#last);
    this.#interval = Math.min(this.#interval * 2, this.#timers.t2);
    this.#armRetransmit();
    return completed;
  }

  confirm(): State {
    this.#clock.stop();
    if (this.#outlet.reliable) return this.end(); // timer I is 0 on a reliable transport
    this.#clock.deadlineIn(this.#timers.i, () => this.#timer('deadline'));
    return confirmed;
  }

  end(): State {
    this.abandon();
    this.#user.ended();
    return terminated;
  }

  /** The server is being stopped: forget everything, tell nobody. */
  abandon(): void {
    this.#clock.stop();
    this.#outlet.release();
    this.#state = terminated;
  }

  #armRetransmit(): void {
    this.#clock.retransmitIn(this.#interval, () => this.#timer('retransmit'));
  }

  #timer(which: 'retransmit' | 'deadline'): void {
    const act = this.#state[which];
    if (act) this.#state = act(this);
  }
}
