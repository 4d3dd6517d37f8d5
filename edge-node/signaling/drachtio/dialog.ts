import pDefer from 'p-defer';
import pTimeout from 'p-timeout';
import { isChallenge } from '../auth/answer-challenge.ts';
import type { Dialog, Headers, ReinviteAnswer } from '../sip.ts';
import type { Answering } from './again.ts';
import { sdpIn } from './sdp-body.ts';
import type { SrfDialog, SrfRequest, SrfResponse } from './srf.ts';

/** Longest wait for the answer to a request in a dialog, and for an ACK, ms. Both outlive RFC 3261's timers B and H. */
const REQUEST_TIMEOUT_MS = 5_000;
const ACK_TIMEOUT_MS = 33_000;

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
  let answerReinvite: (sdp: string | undefined) => Promise<ReinviteAnswer> = async () => ({ status: 488 });
  dialog.on('modify', (request: SrfRequest, response: SrfResponse) => {
    answerReinvite(sdpIn(request)).then(
      (answer) => respond(dialog, response, answer),
      () => response.send(500, {}),
    );
  });

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
    onReinvite(answer) {
      answerReinvite = answer;
    },
    onInfo(answer) {
      dialog.on('info', (request: SrfRequest, response: SrfResponse) => {
        response.send(answer(request.get('content-type') ?? '', request.body ?? ''));
      });
    },
    async info(contentType, body) {
      const info = { method: 'INFO', headers: { 'Content-Type': contentType }, body };
      return (await ask(dialog, info, answering))?.status;
    },
  };
}

function respond(dialog: SrfDialog, response: SrfResponse, answer: ReinviteAnswer): void {
  if (answer.status !== 200) {
    response.send(answer.status, {});
    return;
  }
  dialog.local.sdp = answer.sdp;
  const headers = { Contact: dialog.local.contact, 'Content-Type': 'application/sdp' };
  response.send(200, { headers, body: answer.sdp });
}

/** A request in the dialog, again with credentials where the other side asks for them; undefined where it says nothing. */
async function ask(
  dialog: SrfDialog,
  request: { readonly method: string; readonly headers: Headers; readonly body?: string },
  answering: Answering | undefined,
): Promise<SrfResponse | undefined> {
  const exchange = answering?.begin(request.method);
  const send = (more: Headers = {}) =>
    within(dialog.request({ ...request, headers: { ...request.headers, ...more } }));
  let response = await send(exchange?.headers(dialog.remote.uri));
  while (exchange && response && isChallenge(response.status)) {
    const again = await exchange.again(response);
    if (!again.ok) return response;
    response = await send(again.headers);
  }
  return response;
}

/** Settles within the bound whatever becomes of the request: the other side may be gone for good. */
async function within<T>(request: Promise<T>): Promise<T | undefined> {
  return pTimeout(request, { milliseconds: REQUEST_TIMEOUT_MS }).catch(() => undefined);
}
