import pDefer from 'p-defer';
import type { LegName } from '../../../contracts/events/call.ts';
import type { EventOf } from '../../../contracts/events.ts';
import {
  advanceTransfer,
  isOver,
  requested,
  type Transfer,
  type TransferNews,
} from '../../../core/transfer.ts';
import type { Call } from '../call.ts';

type Said = Pick<EventOf<'call.transferring'>, 'kind' | 'by' | 'target'>;

export interface TransferAbout extends Said {
  /** The side that is connected to somebody else. */
  readonly stays: LegName;
  /** Told of each step, the last one included. */
  readonly told?: (transfer: Transfer) => void;
}

/** One transfer of a call, from its request to its end. A call has at most one at a time. */
export class Transferring {
  readonly stays: LegName;
  /** The other side has hung up: it does not wait for what comes of it. */
  hasLeft = false;
  readonly #call: Call;
  readonly #about: TransferAbout;
  readonly #said: Said & { readonly transferId: string };
  readonly #decided = pDefer<void>();
  #state: Transfer = requested;
  #isSaid = false;

  /** From now on a second one is refused. */
  constructor(call: Call, about: TransferAbout) {
    const { kind, by, target, stays } = about;
    this.stays = stays;
    this.#call = call;
    this.#about = about;
    const plain = target.replace(/[^\x20-\x7e]/g, ' ').slice(0, 512);
    this.#said = { transferId: call.context.clock.newId(), kind, by, target: plain };
    call.transfer = this;
  }

  /** Resolves once it has been made, or has failed. */
  get decided(): Promise<void> {
    return this.#decided.promise;
  }

  get isOver(): boolean {
    return isOver(this.#state);
  }

  /** Whether this side goes once somebody else has its place. */
  isLeaving(leg: LegName): boolean {
    return leg !== this.stays && this.#said.kind !== 'refer';
  }

  begin(): void {
    if (this.isOver) return;
    this.#isSaid = true;
    this.#call.say('call.transferring', this.#said);
    const ended = { failed: true, sipStatus: 487, failedBy: 'platform', detail: 'the call ended' } as const;
    const over = () => this.hear(ended);
    this.#call.over.addEventListener('abort', over, { once: true });
    if (this.#call.isOver) over();
  }

  hear(news: TransferNews): void {
    const next = advanceTransfer(this.#state, news);
    if (next === this.#state) return;
    this.#state = next;
    this.#about.told?.(next);
    if (!isOver(next)) return;
    delete this.#call.transfer;
    if (this.#isSaid) this.#tell(next);
    this.#decided.resolve();
  }

  #tell(next: Transfer): void {
    if (next.phase !== 'failed') this.#call.say('call.transferred', this.#said);
    else {
      const { sipStatus, failedBy, detail } = next;
      const plain = detail.replace(/[^\x20-\x7e]/g, ' ').slice(0, 512);
      this.#call.say('call.transfer-failed', { ...this.#said, sipStatus, failedBy, detail: plain });
    }
  }
}
