import { setTimeout } from 'node:timers/promises';
import pDefer from 'p-defer';
import pTimeout from 'p-timeout';
import type { Headers, ReinviteResult, SessionAnswer, SessionRequest } from '../sip.ts';
import { sdpIn } from './sdp-body.ts';
import type { SrfDialog, SrfRequest, SrfResponse } from './srf.ts';

/** A side that does not ACK its own re-INVITE must not keep us from ever sending one, ms. */
const ACK_MS = 4_000;
const MOST_TRIES = 4;

export interface SessionChangesParts {
  readonly dialog: SrfDialog;
  /** We have sent the INVITE that began the dialog: the Call-ID is ours (RFC 3261 §14.1). */
  readonly isOurs: boolean;
  /** Sends a request, answers challenges; undefined where no final response comes. */
  readonly ask: (request: {
    readonly method: string;
    readonly headers: Headers;
    readonly body: string;
  }) => Promise<SrfResponse | undefined>;
  readonly random?: () => number;
}

/** Re-INVITEs and UPDATEs of one dialog, in both directions, with at most one on its way (RFC 3261 §14, RFC 3311 §5). */
export class SessionChanges {
  readonly #parts: SessionChangesParts;
  readonly #random: () => number;
  #answer: (request: SessionRequest) => Promise<SessionAnswer> = async () => ({ status: 491 });
  /** Settled once their re-INVITE is answered and acknowledged. */
  #theirs: Promise<unknown> | undefined;
  #isOursPending = false;
  #isOver = false;

  constructor(parts: SessionChangesParts) {
    this.#parts = parts;
    this.#random = parts.random ?? Math.random;
    const { dialog } = parts;
    dialog.on('modify', (request: SrfRequest, response: SrfResponse) =>
      this.#onRequest('INVITE', request, response),
    );
    dialog.on('update', (request: SrfRequest, response: SrfResponse) =>
      this.#onRequest('UPDATE', request, response),
    );
    dialog.once('destroy', () => {
      this.#isOver = true;
    });
  }

  onRequest(answer: (request: SessionRequest) => Promise<SessionAnswer>): void {
    this.#answer = answer;
  }

  /** Waits out glare (RFC 3261 §14.1), at most three times. */
  async reinvite(sdp: string): Promise<ReinviteResult> {
    const { dialog, ask, isOurs } = this.#parts;
    while (this.#theirs || this.#isOursPending) await (this.#theirs ?? setTimeout(10));
    this.#isOursPending = true;
    try {
      for (let tries = 1; !this.#isOver; tries += 1) {
        const headers = { Contact: dialog.local.contact, 'Content-Type': 'application/sdp' };
        const response = await ask({ method: 'INVITE', headers, body: sdp });
        const isGlare = response?.status === 491 && tries < MOST_TRIES;
        if (!isGlare) return this.#resultOf(response, sdp);
        const [least, spread] = isOurs ? [2_100, 1_900] : [0, 2_000];
        await setTimeout(least + this.#random() * spread);
      }
      return { kind: 'gone' };
    } finally {
      this.#isOursPending = false;
    }
  }

  #resultOf(response: SrfResponse | undefined, sdp: string): ReinviteResult {
    const { dialog } = this.#parts;
    if (!response) return this.#isOver ? { kind: 'gone' } : { kind: 'refused', status: 408 };
    if (response.status === 481) return { kind: 'gone' };
    const answer = response.status < 300 ? sdpIn(response) : undefined;
    if (answer === undefined) return { kind: 'refused', status: response.status };
    dialog.local.sdp = sdp;
    dialog.remote.sdp = answer;
    return { kind: 'answered', sdp: answer };
  }

  #onRequest(method: SessionRequest['method'], request: SrfRequest, response: SrfResponse): void {
    const sdp = sdpIn(request);
    if (this.#isOursPending) response.send(491, {});
    else if (this.#theirs) {
      const seconds = Math.floor(this.#random() * 10);
      response.send(500, { headers: { 'Retry-After': String(seconds) } });
    } else {
      this.#theirs = this.#respond({ method, sdp }, response).finally(() => {
        this.#theirs = undefined;
      });
    }
  }

  async #respond(request: SessionRequest, response: SrfResponse): Promise<void> {
    const answer = await this.#answer(request).catch((): SessionAnswer => ({ status: 500 }));
    if (this.#isOver) return;
    if (answer.status !== 200) return response.send(answer.status, { headers: { ...answer.headers } });
    const { dialog } = this.#parts;
    const contact = { Contact: dialog.local.contact };
    if (answer.sdp === undefined) return response.send(200, { headers: contact });
    dialog.local.sdp = answer.sdp;
    const acked = pDefer<string | undefined>();
    dialog.once('ack', (ack: SrfRequest) => acked.resolve(sdpIn(ack)));
    response.send(200, { headers: { ...contact, 'Content-Type': 'application/sdp' }, body: answer.sdp });
    if (request.method === 'UPDATE') return;
    const sdp = await pTimeout(acked.promise, { milliseconds: ACK_MS, fallback: () => undefined });
    answer.acked?.(sdp);
  }
}
