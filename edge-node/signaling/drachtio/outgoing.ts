import pDefer from 'p-defer';
import type { Party } from '../../../contracts/events/call.ts';
import { isChallenge } from '../auth/answer-challenge.ts';
import type { DialRequest, DialResult, Headers, OutgoingCall } from '../sip.ts';
import { Answering, askedBy, sameAgain } from './again.ts';
import { wrapDialog } from './dialog.ts';
import { sdpIn } from './sdp-body.ts';
import type { LateOffer, SrfApp, SrfDialog, SrfRequest, SrfResponse } from './srf.ts';
import { whyUnheard } from './why-unheard.ts';

/** After our CANCEL the target owes a final response; RFC 3261 §9.1 lets a client give up after 64*T1. */
const CANCEL_GRACE_MS = 4_000;

const cancelledResult: DialResult = { kind: 'failed', status: 487, detail: 'cancelled' };

/** Sends one INVITE to one target, with a Call-ID of its own. */
export function dial(srf: SrfApp, request: DialRequest, down: AbortSignal): OutgoingCall {
  const result = pDefer<DialResult>();
  let sent: SrfRequest | undefined;
  let cancelled = false;
  let settled = false;

  const settle = (outcome: DialResult) => {
    if (settled) return;
    settled = true;
    down.removeEventListener('abort', onDown);
    result.resolve(outcome);
  };
  const onDown = () => settle({ kind: 'failed', status: 503, detail: 'the SIP server went away' });
  if (down.aborted) onDown();
  down.addEventListener('abort', onDown, { once: true });

  const progress = {
    cbRequest(error: unknown, invite?: SrfRequest) {
      if (error || !invite) return;
      sent = invite;
      if (cancelled) invite.cancel(() => undefined);
    },
    cbProvisional(response: SrfResponse) {
      if (!settled && !cancelled) request.onProvisional(response.status, sdpIn(response));
    },
  };
  const answering = new Answering(request.credentials);
  const exchange = answering.begin('INVITE');
  const repeat = async (challenge: SrfResponse) => {
    const again = await exchange.again(challenge);
    if (settled) return;
    if (cancelled) return settle(cancelledResult);
    if (!again.ok)
      return settle({ kind: 'failed', status: challenge.status, detail: again.detail.slice(0, 200) });
    sent = undefined;
    send(repetitionOf(request, challenge, again.headers));
  };
  const done = (error: unknown, answer?: SrfDialog | LateOffer) => {
    const challenge = challengeIn(error);
    if (challenge && !cancelled) return void repeat(challenge);
    if (!answer) return settle(failureOf(error));
    // RFC 3261 §9.1: a 200 that crosses the CANCEL makes a dialog, which only a BYE ends.
    if (settled || cancelled) {
      void hangUp(answer);
      return settle(cancelledResult);
    }
    settle(answered(answer, request.credentials && answering));
  };
  const send = (invite: DialRequest) => {
    try {
      srf.createUAC(invite.uri, inviteOptions(invite), progress, done);
    } catch (error) {
      settle(failureOf(error));
    }
  };
  send(request);

  return {
    result: result.promise,
    cancel() {
      if (cancelled || settled) return;
      cancelled = true;
      sent?.cancel(() => undefined);
      setTimeout(() => settle(cancelledResult), CANCEL_GRACE_MS).unref();
    },
  };
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
  headers: { ...headers },
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

const challengeIn = (error: unknown): SrfResponse | undefined => {
  const { res } = (error ?? {}) as { res?: SrfResponse };
  return res && isChallenge(res.status) ? res : undefined;
};

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
