import pDefer from 'p-defer';
import type { Party } from '../../../contracts/events/call.ts';
import { isChallenge } from '../auth/answer-challenge.ts';
import type { DialRequest, DialResult, Headers, OutgoingCall } from '../sip.ts';
import { Answering, askedBy, sameAgain } from './again.ts';
import { wrapDialog } from './dialog.ts';
import { sdpIn } from './sdp-body.ts';
import { sessionTimer, withLongerSession } from './session-timer.ts';
import type { LateOffer, SrfApp, SrfDialog, SrfRequest, SrfResponse } from './srf.ts';
import { whyUnheard } from './why-unheard.ts';

/** After our CANCEL the target owes a final response; RFC 3261 §9.1 lets a client give up after 64*T1. */
const CANCEL_GRACE_MS = 4_000;

const cancelledResult: DialResult = { kind: 'failed', status: 487, detail: 'cancelled' };

/** Sends one INVITE to one target, with a Call-ID of its own. */
export const dial = (srf: SrfApp, request: DialRequest, down: AbortSignal): OutgoingCall =>
  new OutgoingInvite(srf, request, down);

class OutgoingInvite implements OutgoingCall {
  readonly #srf: SrfApp;
  readonly #request: DialRequest;
  readonly #result = pDefer<DialResult>();
  readonly #stopListening: () => void;
  readonly #answering: Answering;
  readonly #exchange: ReturnType<Answering['begin']>;
  #sent: SrfRequest | undefined;
  #isCancelled = false;
  #isSettled = false;
  #isLonger = false;

  constructor(srf: SrfApp, request: DialRequest, down: AbortSignal) {
    this.#srf = srf;
    this.#request = request;
    this.#answering = new Answering(request.credentials);
    this.#exchange = this.#answering.begin('INVITE');
    const onDown = () => this.#settle({ kind: 'failed', status: 503, detail: 'the SIP server went away' });
    this.#stopListening = () => down.removeEventListener('abort', onDown);
    if (down.aborted) onDown();
    down.addEventListener('abort', onDown, { once: true });
    this.#send(request);
  }

  get result(): Promise<DialResult> {
    return this.#result.promise;
  }

  cancel(): void {
    if (this.#isCancelled || this.#isSettled) return;
    this.#isCancelled = true;
    this.#sent?.cancel(() => undefined);
    setTimeout(() => this.#settle(cancelledResult), CANCEL_GRACE_MS).unref();
  }

  #settle(outcome: DialResult): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#stopListening();
    this.#result.resolve(outcome);
  }

  #send(invite: DialRequest): void {
    this.#sent = undefined;
    const progress = {
      cbRequest: (error: unknown, request?: SrfRequest) => {
        if (error || !request) return;
        this.#sent = request;
        if (this.#isCancelled) request.cancel(() => undefined);
      },
      cbProvisional: (response: SrfResponse) => {
        if (!this.#isSettled && !this.#isCancelled)
          this.#request.onProvisional(response.status, sdpIn(response));
      },
    };
    try {
      this.#srf.createUAC(invite.uri, inviteOptions(invite), progress, (error, answer) =>
        this.#done(error, answer),
      );
    } catch (error) {
      this.#settle(failureOf(error));
    }
  }

  #done(error: unknown, answer?: SrfDialog | LateOffer): void {
    const response = this.#isCancelled ? undefined : responseIn(error);
    const longer = this.#isLonger ? undefined : withLongerSession(this.#request, response);
    this.#isLonger ||= longer !== undefined;
    if (longer) this.#send(longer);
    else if (response && isChallenge(response.status)) void this.#repeat(response);
    else if (!answer) this.#settle(failureOf(error));
    else if (!this.#isSettled && !this.#isCancelled)
      this.#settle(answered(answer, this.#request.credentials && this.#answering));
    else {
      // RFC 3261 §9.1: a 200 that crosses the CANCEL makes a dialog, which only a BYE ends.
      void hangUp(answer);
      this.#settle(cancelledResult);
    }
  }

  async #repeat(challenge: SrfResponse): Promise<void> {
    const again = await this.#exchange.again(challenge);
    if (this.#isSettled) return;
    if (this.#isCancelled) return this.#settle(cancelledResult);
    const { status } = challenge;
    if (!again.ok) return this.#settle({ kind: 'failed', status, detail: again.detail.slice(0, 200) });
    this.#send(repetitionOf(this.#request, challenge, again.headers));
  }
}

function repetitionOf(request: DialRequest, challenge: SrfResponse, credentials: Headers): DialRequest {
  const nextHop = request.nextHop ?? askedBy(challenge);
  const headers = { ...request.headers, ...sameAgain(challenge.req), ...credentials };
  return { ...request, headers, ...(nextHop === undefined ? {} : { nextHop }) };
}

const inviteOptions = ({ sdp, from, headers, nextHop }: DialRequest) => ({
  ...(sdp === undefined ? { noAck: true } : { localSdp: sdp }),
  ...(nextHop === undefined ? {} : { proxy: nextHop }),
  callingNumber: callingNumber(from),
  ...(from.displayName ? { callingName: displayName(from.displayName) } : {}),
  headers: { ...sessionTimer(), ...headers },
});

/** What a caller wrote is not taken into our own headers unless it is plain. */
const callingNumber = (from: Party) =>
  /^[0-9A-Za-z+*#._-]{1,64}$/.test(from.number) ? from.number : 'anonymous';
const displayName = (name: string) => name.replace(/[^\p{L}\p{N} .,'()+_-]/gu, '').slice(0, 64);

const isLateOffer = (answer: SrfDialog | LateOffer): answer is LateOffer =>
  'ack' in answer && 'sdp' in answer;

function answered(answer: SrfDialog | LateOffer, answering: Answering | undefined): DialResult {
  if (isLateOffer(answer)) {
    return {
      kind: 'answered',
      sdp: answer.sdp,
      accept: async (sdp = '') => wrapDialog(await answer.ack(sdp), answering),
    };
  }
  const dialog = wrapDialog(answer, answering);
  return { kind: 'answered', sdp: dialog.remoteSdp, accept: async () => dialog };
}

async function hangUp(answer: SrfDialog | LateOffer): Promise<void> {
  if (isLateOffer(answer)) await answer.destroy().catch(() => undefined);
  else await wrapDialog(answer).bye();
}

const responseIn = (error: unknown) => ((error ?? {}) as { res?: SrfResponse }).res;

/** An INVITE that could not even be sent has no response; one that was, and was not answered, has one made up for it. */
function failureOf(error: unknown): DialResult {
  const { status, message, res } = (error ?? {}) as { status?: number; message?: string; res?: SrfResponse };
  const detail = (message ?? String(error)).slice(0, 200);
  if (typeof status !== 'number') return { kind: 'failed', status: 503, detail, unheard: 'transport' };
  if (res && !res.source_address)
    return {
      ...{ kind: 'failed', status, detail: whyUnheard(res) ?? detail },
      unheard: status === 408 ? 'silence' : 'transport',
    };
  const seconds = /^\d{1,9}/.exec(res?.get('Retry-After') ?? '')?.[0];
  return {
    ...{ kind: 'failed', status, detail },
    ...(seconds === undefined ? {} : { retryAfterSeconds: Number(seconds) }),
  };
}
