import type { SipMessage } from '../../message/sip-message.ts';
import type { IncomingResponse } from '../../transaction/incoming-response.ts';
import { InviteClient } from '../../transaction/invite-client.ts';
import { clientKey } from '../../transaction/keys.ts';
import type { Hop, Listener } from '../../transport/flow.ts';
import { ackForFailure, finish, sameTransaction } from '../compose.ts';
import type { Engine } from '../engine.ts';
import { nobodyWaits, sendRequest } from '../send-request.ts';

/** Who waits for what becomes of one target. */
export interface BranchUser {
  /** 101-199 */
  provisional(response: IncomingResponse): void;
  /** each 2xx to an INVITE, repeated ones too; the one 2xx to another request */
  success(response: IncomingResponse): void;
  /** once, unless a 2xx came before: 3xx-6xx, or none within its time (408), or no way there (503) */
  failure(status: number, response: IncomingResponse | undefined): void;
}

export interface Patience {
  /** ms until a provisional response; undefined as long as timer B or F */
  readonly provisional: number | undefined;
  /** ms until a final response; undefined as long as timer C or F */
  readonly final: number | undefined;
}

/** A request on its way to one target (RFC 3261 §16.6 step 10). Given up, it is canceled, yet its 2xx still counts. */
export class Branch {
  readonly #engine: Engine;
  readonly #request: SipMessage;
  readonly #hop: Hop;
  readonly #from: Listener;
  readonly #user: BranchUser;
  #invite: InviteClient | undefined;
  #untilProvisional: NodeJS.Timeout | undefined;
  #untilFinal: NodeJS.Timeout | undefined;
  #timerC: NodeJS.Timeout | undefined;
  #over = false;

  constructor(engine: Engine, request: SipMessage, hop: Hop, from: Listener, user: BranchUser) {
    this.#engine = engine;
    this.#request = request;
    this.#hop = hop;
    this.#from = from;
    this.#user = user;
  }

  start(patience: Patience): void {
    const giveUp = () => this.#giveUp();
    if (patience.provisional !== undefined)
      this.#untilProvisional = setTimeout(giveUp, patience.provisional).unref();
    if (patience.final !== undefined) this.#untilFinal = setTimeout(giveUp, patience.final).unref();
    if (this.#request.method === 'INVITE') this.#startInvite();
    else
      sendRequest(this.#engine, this.#request, this.#hop, this.#from, {
        response: (response) => this.#receive(response),
        failed: (made) => this.#fail(made.status, undefined),
      });
  }

  /** §9.1: only an INVITE can be canceled. The final response is still waited for. */
  cancel(): void {
    this.#invite?.cancel(() => {
      const cancel = sameTransaction(this.#request, 'CANCEL', this.#request.first('to') ?? '');
      finish(cancel, [], undefined, '');
      sendRequest(this.#engine, cancel, this.#hop, this.#from, nobodyWaits);
    });
  }

  stop(): void {
    clearTimeout(this.#untilProvisional);
    clearTimeout(this.#untilFinal);
    clearTimeout(this.#timerC);
  }

  #startInvite(): void {
    const key = clientKey(this.#request.via?.branch ?? '', 'INVITE');
    const { transports, clients, timers } = this.#engine;
    const outlet = transports.requestOutlet(this.#hop, this.#from, () => client.transportError());
    const client: InviteClient = new InviteClient(this.#request.print(), outlet, timers, {
      response: (response) => this.#receive(response),
      furtherSuccess: (response) => this.#user.success(response),
      failed: (why) => this.#fail(why === 'timeout' ? 408 : 503, undefined), // §16.8, §16.9
      ackFor: ({ message }) => ackForFailure(this.#request, message),
      ended: () => clients.delete(key),
    });
    this.#invite = client;
    clients.set(key, client);
    this.#armTimerC();
    client.start();
  }

  #receive(response: IncomingResponse): void {
    clearTimeout(this.#untilProvisional);
    const { status } = response;
    if (status === 100) return; // hop by hop, §16.7 step 5
    if (status < 200) {
      if (this.#invite && !this.#over) this.#armTimerC(); // step 2
      this.#user.provisional(response);
    } else if (status < 300) {
      this.stop();
      this.#over = true;
      this.#user.success(response);
    } else this.#fail(status, response);
  }

  #fail(status: number, response: IncomingResponse | undefined): void {
    this.stop();
    if (this.#over) return;
    this.#over = true;
    this.#user.failure(status, response);
  }

  #giveUp(): void {
    this.cancel();
    this.#fail(408, undefined);
  }

  #armTimerC(): void {
    clearTimeout(this.#timerC);
    this.#timerC = setTimeout(() => this.#giveUp(), this.#engine.timers.c).unref(); // §16.8
  }
}
