import { isOver, sipfragOf, type Transfer } from '../../../core/transfer.ts';
import type { Dialog, ReferRequest } from '../sip.ts';

/** What a referrer is told of its REFER: each step once, in order, and the last one ends it (RFC 3515 §2.4.4). */
export class Subscription {
  readonly #dialog: Pick<Dialog, 'notify'>;
  readonly #event: string;
  readonly #seconds: number;
  readonly #isWanted: boolean;
  #line: Promise<unknown> = Promise.resolve();
  #last = '';

  /** `isFirst`: of the dialog; later ones are named (§2.4.6). */
  constructor(
    dialog: Pick<Dialog, 'notify'>,
    { cseq, subscribes }: Pick<ReferRequest, 'cseq' | 'subscribes'>,
    { isFirst, seconds }: { readonly isFirst: boolean; readonly seconds: number },
  ) {
    this.#dialog = dialog;
    this.#event = isFirst ? 'refer' : `refer;id=${cseq}`;
    this.#seconds = seconds;
    this.#isWanted = subscribes;
  }

  tell(transfer: Transfer): void {
    const sipfrag = sipfragOf(transfer);
    if (!this.#isWanted || sipfrag === this.#last) return;
    this.#last = sipfrag;
    const state = isOver(transfer) ? 'terminated;reason=noresource' : `active;expires=${this.#seconds}`;
    const headers = { Event: this.#event, 'Subscription-State': state };
    this.#line = this.#line.then(() => this.#dialog.notify(headers, `${sipfrag}\r\n`));
  }

  /** Resolves when all that was told has been heard, or cannot be. */
  settled(): Promise<unknown> {
    return this.#line;
  }
}
