import type { Headers, ReferAnswer, ReferRequest } from '../sip.ts';
import type { SrfDialog, SrfRequest, SrfResponse } from './srf.ts';

type Ask = (request: {
  readonly method: string;
  readonly headers: Headers;
  readonly body?: string;
}) => Promise<SrfResponse | undefined>;

/** REFER and NOTIFY of one dialog, in both directions (RFC 3515). */
export class References {
  readonly #dialog: SrfDialog;
  readonly #ask: Ask;
  #answer: (request: ReferRequest) => ReferAnswer = () => ({ status: 491 });
  #listener: (sipfrag: string, state: string) => void = () => {};

  constructor(dialog: SrfDialog, ask: Ask) {
    this.#dialog = dialog;
    this.#ask = ask;
    dialog.on('refer', (request: SrfRequest, response: SrfResponse) => this.#onRefer(request, response));
    dialog.on('notify', (request: SrfRequest, response: SrfResponse) => this.#onNotify(request, response));
  }

  onRequest(answer: (request: ReferRequest) => ReferAnswer): void {
    this.#answer = answer;
  }

  onNotify(listener: (sipfrag: string, state: string) => void): void {
    this.#listener = listener;
  }

  async refer(headers: Headers): Promise<number | undefined> {
    return (await this.#ask({ method: 'REFER', headers: { ...this.#contact, ...headers } }))?.status;
  }

  async notify(headers: Headers, body: string): Promise<number | undefined> {
    const about = { ...this.#contact, 'Content-Type': 'message/sipfrag;version=2.0', ...headers };
    return (await this.#ask({ method: 'NOTIFY', headers: about, body }))?.status;
  }

  get #contact(): Headers {
    return { Contact: this.#dialog.local.contact };
  }

  #onRefer(request: SrfRequest, response: SrfResponse): void {
    const subscribes = !/^\s*false/i.test(request.get('refer-sub') ?? '');
    const { status, accepted } = this.#answer({
      referTo: request.get('refer-to'),
      referredBy: request.get('referred-by'),
      cseq: Number(/^\s*(\d{1,10})/.exec(request.get('cseq') ?? '')?.[1] ?? 0),
      subscribes,
    });
    // RFC 4488 §4: who accepts that nothing is subscribed to says so.
    const unsubscribed = status === 202 && !subscribes ? { 'Refer-Sub': 'false' } : {};
    response.send(status, { headers: status === 202 ? { ...this.#contact, ...unsubscribed } : {} });
    accepted?.();
  }

  #onNotify(request: SrfRequest, response: SrfResponse): void {
    // RFC 6665 §7.2.1: nothing else was ever subscribed to.
    if (!/^\s*refer\s*(;|$)/i.test(request.get('event') ?? ''))
      response.send(489, { headers: { 'Allow-Events': 'refer' } });
    else {
      response.send(200);
      this.#listener(request.body ?? '', request.get('subscription-state') ?? '');
    }
  }
}
