import type { Outlet } from '../transport/flow.ts';
import type { IncomingResponse } from './incoming-response.ts';
import { type SipTimers, TransactionClock } from './timers.ts';

/** The transaction user of a request we sent that is no INVITE. */
export interface RequestClientUser {
  response(response: IncomingResponse): void;
  failed(why: 'timeout' | 'transport'): void;
  ended(): void;
}

interface State {
  readonly name: string;
  readonly provisional?: (t: RequestClient, response: IncomingResponse) => State;
  readonly final?: (t: RequestClient, response: IncomingResponse) => State;
  readonly retransmit?: (t: RequestClient) => State;
  readonly deadline?: (t: RequestClient) => State;
  readonly transportError?: (t: RequestClient) => State;
}

/** RFC 3261 figure 6: trying ─1xx▶ proceeding;  trying, proceeding ─2xx-6xx▶ completed ─K▶ terminated */
const trying: State = {
  name: 'trying',
  retransmit: (t) => t.sendAgain(trying), // timer E doubles up to T2, §17.1.2.2
  deadline: (t) => t.fail('timeout'), // timer F
  transportError: (t) => t.fail('transport'), // §17.1.4
  provisional: (t, response) => t.proceed(response),
  final: (t, response) => t.complete(response),
};

const proceeding: State = {
  name: 'proceeding',
  retransmit: (t) => t.sendAgain(proceeding), // timer E stays at T2, §17.1.2.2
  deadline: (t) => t.fail('timeout'), // timer F
  transportError: (t) => t.fail('transport'),
  provisional: (t, response) => t.proceed(response),
  final: (t, response) => t.complete(response),
};

const completed: State = {
  name: 'completed', // absorbs retransmitted responses
  deadline: (t) => t.end(), // timer K
};

const terminated: State = { name: 'terminated' };

export class RequestClient {
  /** '' once it need not be sent again */
  #text: string;
  readonly #outlet: Outlet;
  readonly #timers: SipTimers;
  readonly #user: RequestClientUser;
  readonly #clock = new TransactionClock();
  #interval: number;
  #state: State = trying;

  constructor(text: string, outlet: Outlet, timers: SipTimers, user: RequestClientUser) {
    this.#text = text;
    this.#outlet = outlet;
    this.#timers = timers;
    this.#user = user;
    this.#interval = timers.e;
  }

  start(): void {
    this.#outlet.send(this.#text);
    if (!this.#outlet.reliable) this.#armRetransmit();
    this.#clock.deadlineIn(this.#timers.f, () => this.#timer('deadline'));
  }

  receive(response: IncomingResponse): void {
    const act = response.status < 200 ? this.#state.provisional : this.#state.final;
    if (act) this.#state = act(this, response);
  }

  transportError(): void {
    if (this.#state.transportError) this.#state = this.#state.transportError(this);
  }

  sendAgain(state: State): State {
    this.#outlet.send(this.#text);
    this.#interval = state === proceeding ? this.#timers.t2 : Math.min(this.#interval * 2, this.#timers.t2);
    this.#armRetransmit();
    return state;
  }

  proceed(response: IncomingResponse): State {
    this.#user.response(response);
    return proceeding;
  }

  complete(response: IncomingResponse): State {
    this.#text = '';
    this.#clock.stop();
    this.#outlet.release();
    this.#user.response(response);
    if (this.#outlet.reliable) return this.end(); // timer K is 0 on a reliable transport
    this.#clock.deadlineIn(this.#timers.k, () => this.#timer('deadline'));
    return completed;
  }

  fail(why: 'timeout' | 'transport'): State {
    this.#user.failed(why);
    return this.end();
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
