import type { SipMessage } from '../../message/sip-message.ts';
import type { IncomingResponse } from '../../transaction/incoming-response.ts';
import type { Arrival } from '../../transport/flow.ts';
import { finish, newTag, startResponse } from '../compose.ts';
import type { Engine } from '../engine.ts';
import type { ServerTransaction } from '../received-request.ts';
import { cdrOfFinal, writeCdr } from '../write-cdr.ts';
import { bestResponse } from './best-response.ts';
import type { Branch, Patience } from './branch.ts';
import { nonceOf } from './challengers.ts';
import { forwardedResponse } from './forwarded.ts';
import { redirectTargets, type Target } from './target.ts';

export interface ProxyOrder {
  readonly simultaneous: boolean;
  readonly followRedirects: boolean;
  readonly patience: Patience;
  /** Send the request to this target, once it is known where that is; undefined when that cannot be found out. */
  send(
    proxied: ProxiedRequest,
    target: Target,
    sent: (branch: Branch | undefined, request?: SipMessage) => void,
  ): void;
}

/** Who hears how it goes. */
export interface ProxyUser {
  /** a final response of one target, before the caller gets its own */
  final(response: IncomingResponse): void;
  done(): void;
}

/** A request of the network that is passed on: the search for who answers it (RFC 3261 §16.5 to §16.10). */
export class ProxiedRequest {
  readonly message: SipMessage;
  readonly arrival: Arrival;
  readonly #engine: Engine;
  readonly #transaction: ServerTransaction;
  readonly #order: ProxyOrder;
  readonly #user: ProxyUser;
  #waiting: Target[] = [];
  readonly #tried = new Set<string>();
  readonly #branches = new Set<Branch>();
  /** those without a final response */
  readonly #open = new Set<Target>();
  readonly #failures: SipMessage[] = [];
  #answered = false;
  #canceled = false;
  /** nobody else is asked */
  #closed = false;

  constructor(
    engine: Engine,
    transaction: ServerTransaction,
    message: SipMessage,
    arrival: Arrival,
    order: ProxyOrder,
    user: ProxyUser,
  ) {
    this.#engine = engine;
    this.#transaction = transaction;
    this.message = message;
    this.arrival = arrival;
    this.#order = order;
    this.#user = user;
  }

  start(targets: readonly Target[]): void {
    this.#transaction.proxied = this;
    this.#engine.proxying.add(this);
    this.#addTargets(targets);
    this.#goOn();
  }

  /** §16.10: every target is canceled; what they answer decides what the caller hears. */
  cancel(): void {
    if (this.#canceled || this.#answered) return;
    this.#canceled = true;
    this.#cancelAll();
  }

  /** may further places be asked? */
  get searching(): boolean {
    return !this.#closed && !this.#answered;
  }

  stop(): void {
    for (const branch of this.#branches) branch.stop();
  }

  #addTargets(targets: readonly Target[]): void {
    const fresh = targets.filter(({ uri }) => !this.#tried.has(uri));
    for (const { uri } of fresh) this.#tried.add(uri);
    this.#waiting.unshift(...fresh);
  }

  #goOn(): void {
    while (this.#waiting.length > 0 && (this.#order.simultaneous || this.#open.size === 0)) {
      const target = this.#waiting.shift();
      if (target) this.#launch(target);
    }
    if (this.#open.size === 0 && this.#waiting.length === 0) this.#conclude();
  }

  #launch(target: Target): void {
    this.#open.add(target);
    this.#order.send(this, target, (branch, request) => {
      if (!branch || !request || !this.searching) {
        this.failure(target, branch ? 487 : 503, undefined);
        return;
      }
      this.#branches.add(branch);
      if (request.method === 'INVITE')
        writeCdr(this.#engine, { event: 'attempt', source: 'application' }, request);
      branch.start(this.#order.patience);
    });
  }

  provisional({ status, message }: IncomingResponse): void {
    if (!this.#answered) this.#transaction.machine.respond(status, forwardedResponse(message).print());
  }

  success(target: Target, response: IncomingResponse): void {
    const { status, message } = response;
    const passed = forwardedResponse(message);
    this.#transaction.machine.respond(status, passed.print()); // §16.7 step 5: every 2xx goes back
    this.#open.delete(target);
    if (this.#answered) {
      this.#leaveWhenEmpty();
      return;
    }
    this.#answered = true;
    this.#engine.flows.granted(this.message, this.arrival, passed);
    this.#user.final(response);
    if (this.message.method === 'INVITE') {
      cdrOfFinal(this.#engine, 'network', 'proxy-uac', message);
      cdrOfFinal(this.#engine, 'application', 'proxy-uas', passed);
    }
    this.#cancelAll(); // step 10
    this.#user.done();
    this.#leaveWhenEmpty();
  }

  failure(target: Target, status: number, response: IncomingResponse | undefined): void {
    this.#open.delete(target);
    if (response) this.#hear(target, response);
    else this.#failures.push(this.#madeUp(status));
    if (this.#answered) this.#leaveWhenEmpty();
    else this.#goOn();
  }

  #hear(target: Target, response: IncomingResponse): void {
    const { status, message } = response;
    if (this.message.method === 'INVITE') cdrOfFinal(this.#engine, 'network', 'proxy-uac', message);
    if (!this.#answered) this.#user.final(response);
    const redirects = this.#order.followRedirects && status < 400 ? redirectTargets(message) : [];
    if (redirects.length > 0 && !this.#canceled) {
      this.#addTargets(redirects);
      return;
    }
    this.#failures.push(forwardedResponse(message));
    const challenge = message.first('www-authenticate') ?? message.first('proxy-authenticate');
    if (status === 401 || status === 407) {
      this.#engine.challengers.remember(nonceOf(challenge), target.uri);
      if (!this.#order.simultaneous) this.#waiting = []; // as drachtio-server: the caller is to show who it is first
    }
    if (status >= 600) this.#cancelAll(); // §16.7 step 5
  }

  #cancelAll(): void {
    this.#closed = true;
    this.#waiting = [];
    for (const branch of this.#branches) branch.cancel();
  }

  /** No target accepted (§16.7 steps 6 and 9). */
  #conclude(): void {
    const best = this.#canceled ? this.#canceledBest() : bestResponse(this.#failures);
    if (best) this.#refuse(best.status === 503 ? this.#madeUp(500) : best); // step 6: a 503 is for us, not for the caller
    this.#answered = true;
    this.#user.done();
    this.#leaveWhenEmpty();
  }

  #refuse(final: SipMessage): void {
    const invite = this.message.method === 'INVITE';
    if (!invite && final.status === 408) return; // RFC 4320 §4.2: it would come too late
    if (invite) cdrOfFinal(this.#engine, 'application', 'proxy-uas', final);
    this.#transaction.machine.respond(final.status, final.print());
  }

  #canceledBest(): SipMessage {
    return this.#failures.find(({ status }) => status === 487) ?? this.#madeUp(487);
  }

  #madeUp(status: number): SipMessage {
    const reason = reasons[status] ?? 'Server Internal Error';
    return finish(startResponse(this.message, status, reason, newTag()), [], undefined, '');
  }

  #leaveWhenEmpty(): void {
    if (this.#open.size === 0) this.#engine.proxying.delete(this);
  }
}

const reasons: Readonly<Record<number, string>> = {
  408: 'Request Timeout',
  487: 'Request Terminated',
  503: 'Service Unavailable',
};
