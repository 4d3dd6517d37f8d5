import type { Outlet } from '../transport/flow.ts';
import { type SipTimers, TransactionClock } from './timers.ts';

/** The transaction user of a request we received that is no INVITE. */
export interface RequestServerUser {
  ended(): void;
}

interface State {
  readonly name: string;
  readonly request?: (t: RequestServer) => State;
  readonly provisional?: (t: RequestServer, text: string) => State;
  readonly final?: (t: RequestServer, text: string) => State;
  readonly deadline?: (t: RequestServer) => State;
}

/** RFC 3261 figure 8: trying ─1xx▶ proceeding;  trying, proceeding ─2xx-6xx▶ completed ─J▶ terminated */
const trying: State = {
  name: 'trying', // retransmissions are dropped, §17.2.2
  provisional: (t, text) => t.say(text, proceeding),
  final: (t, text) => t.complete(text),
  deadline: (t) => t.end(), // the client's timer F has fired: nobody listens any more, RFC 4320 §4.2
};

const proceeding: State = {
  name: 'proceeding',
  request: (t) => t.repeat(proceeding), // §17.2.2
  provisional: (t, text) => t.say(text, proceeding),
  final: (t, text) => t.complete(text),
  deadline: (t) => t.end(),
};

const completed: State = {
  name: 'completed',
  request: (t) => t.repeat(completed), // §17.2.2
  deadline: (t) => t.end(), // timer J
};

const terminated: State = { name: 'terminated' };

export class RequestServer {
  readonly #outlet: Outlet;
  readonly #timers: SipTimers;
  readonly #user: RequestServerUser;
  readonly #clock = new TransactionClock();
  #last = '';
  #state: State = trying;

  constructor(outlet: Outlet, timers: SipTimers, user: RequestServerUser) {
    this.#outlet = outlet;
    this.#timers = timers;
    this.#user = user;
    this.#armDeadline();
  }

  get answered(): boolean {
    return this.#state === completed || this.#state === terminated;
  }

  receiveAgain(): void {
    if (this.#state.request) this.#state = this.#state.request(this);
  }

  /** False when this state allows no such response. */
  respond(status: number, text: string): boolean {
    const act = status < 200 ? this.#state.provisional : this.#state.final;
    if (act) this.#state = act(this, text);
    return act !== undefined;
  }

  say(text: string, next: State): State {
    this.#last = text;
    this.#outlet.send(text);
    return next;
  }

  repeat(state: State): State {
    this.#outlet.send(this.#last);
    return state;
  }

  complete(text: string): State {
    this.say(text, completed);
    if (this.#outlet.reliable) return this.end(); // timer J is 0 on a reliable transport
    this.#armDeadline();
    return completed;
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

  #armDeadline(): void {
    this.#clock.deadlineIn(this.#timers.j, () => {
      if (this.#state.deadline) this.#state = this.#state.deadline(this);
    });
  }
}
