import pDefer from 'p-defer';
import pTimeout from 'p-timeout';
import { isChallenge } from '../auth/answer-challenge.ts';
import type { Dialog, Headers } from '../sip.ts';
import type { Answering } from './again.ts';
import { inviteAgain } from './invite-again.ts';
import { References } from './references.ts';
import { sdpIn } from './sdp-body.ts';
import { SessionChanges } from './session-changes.ts';
import type { SrfDialog, SrfRequest, SrfResponse } from './srf.ts';

/** Longest wait for the answer to a request in a dialog, and for an ACK, ms. Both outlive RFC 3261's timers B and H. */
const REQUEST_TIMEOUT_MS = 5_000;
const ACK_TIMEOUT_MS = 33_000;
/** A side may ask a person, or another side of its own, ms. */
const REINVITE_TIMEOUT_MS = 12_000;

/** Wraps a dialog in the tick in which it was made, so that no ACK and no BYE comes too early. */
export function wrapDialog(dialog: SrfDialog, answering?: Answering): Dialog {
  const bye = pDefer<string>();
  const ack = pDefer<string | undefined>();
  let over = false;
  dialog.once('destroy', (_request: SrfRequest, reason?: string) => {
    over = true;
    bye.resolve(reason ?? 'BYE');
    ack.resolve(undefined);
  });
  dialog.once('ack', (request: SrfRequest) => ack.resolve(sdpIn(request)));
  const changes = new SessionChanges({
    dialog,
    isOurs: dialog.type === 'uac',
    ask: (request) => ask(dialog, request, answering, REINVITE_TIMEOUT_MS),
  });
  const references = new References(dialog, (request) => ask(dialog, request, answering));
  let answerInfo: ((contentType: string, body: string) => number) | undefined;
  dialog.on('info', (request: SrfRequest, response: SrfResponse) => {
    response.send(answerInfo?.(request.get('content-type') ?? '', request.body ?? '') ?? 200);
  });
  const { callId, localTag, remoteTag } = dialog.sip;

  return {
    remoteSdp: dialog.remote.sdp,
    acked: () => pTimeout(ack.promise, { milliseconds: ACK_TIMEOUT_MS, fallback: () => undefined }),
    async bye(headers = {}) {
      if (over) return;
      over = true;
      const answered =
        answering && (await ask(dialog, { method: 'BYE', headers: { ...headers } }, answering));
      // drachtio-srf keeps a dialog whose BYE was asked for in this way and not answered.
      if (!answered) await within(dialog.destroy({ headers: { ...headers } }));
    },
    onBye: (listener) => void bye.promise.then(listener),
    onSessionRequest: (answer) => changes.onRequest(answer),
    reinvite: (sdp) => changes.reinvite(sdp),
    ids: { callId, localTag, remoteTag },
    remoteUri: dialog.remote.uri,
    onRefer: (answer) => references.onRequest(answer),
    refer: (headers) => references.refer(headers),
    onNotify: (listener) => references.onNotify(listener),
    notify: (headers, sipfrag) => references.notify(headers, sipfrag),
    onInfo(answer) {
      answerInfo = answer;
    },
    async info(contentType, body) {
      const info = { method: 'INFO', headers: { 'Content-Type': contentType }, body };
      return (await ask(dialog, info, answering))?.status;
    },
  };
}

/** A request in the dialog, again with credentials where the other side asks for them; undefined where it says nothing. */
async function ask(
  dialog: SrfDialog,
  request: { readonly method: string; readonly headers: Headers; readonly body?: string },
  answering: Answering | undefined,
  milliseconds = REQUEST_TIMEOUT_MS,
): Promise<SrfResponse | undefined> {
  const exchange = answering?.begin(request.method);
  const { method, body = '' } = request;
  const send = (more: Headers = {}) => {
    const headers = { ...request.headers, ...more };
    const sent =
      method === 'INVITE' ? inviteAgain(dialog, headers, body) : dialog.request({ ...request, headers });
    return within(sent, milliseconds);
  };
  let response = await send(exchange?.headers(dialog.remote.uri));
  while (exchange && response && isChallenge(response.status)) {
    const again = await exchange.again(response);
    if (!again.ok) return response;
    response = await send(again.headers);
  }
  return response;
}

/** Settles within the bound whatever becomes of the request: the other side may be gone for good. */
async function within<T>(request: Promise<T>, milliseconds = REQUEST_TIMEOUT_MS): Promise<T | undefined> {
  return pTimeout(request, { milliseconds }).catch(() => undefined);
}
