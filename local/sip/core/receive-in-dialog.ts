import { randomInt } from 'node:crypto';
import { fromNetwork } from '../app/app-tokens.ts';
import type { Dialog } from '../dialog/dialog.ts';
import { tooShort } from '../dialog/session-expires.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { Arrival } from '../transport/flow.ts';
import { finish, plainResponse, startResponse } from './compose.ts';
import type { Engine } from './engine.ts';
import { answerFor, give } from './give-request.ts';
import { routedThroughUs } from './proxy/forwarded.ts';
import { passAckAlong, passAlong } from './proxy/pass-along.ts';
import type { ReceivedRequest, ServerTransaction } from './received-request.ts';
import { sessionTooShort } from './session-timer.ts';
import { begunByNotify } from './subscribing.ts';
import { writeCdr } from './write-cdr.ts';

/** A request with a To tag: it belongs to a dialog of ours or to none (RFC 3261 §12.2.2). */
export function receiveInDialog(
  engine: Engine,
  request: SipMessage,
  arrival: Arrival,
  open: () => ServerTransaction,
): void {
  const dialog =
    engine.dialogs.byTags(request.callId, request.toTag, request.fromTag) ??
    begunByNotify(engine, request, arrival);
  const transaction = open();
  if (!dialog && routedThroughUs(engine.transports.listeners, request)) {
    passAlong(engine, request, arrival, transaction);
    return;
  }
  if (!dialog) {
    transaction.machine.respond(481, plainResponse(request, 481, 'Call/Transaction Does Not Exist'));
    return;
  }
  const refusal = dialogFault(engine, dialog, request);
  if (refusal) {
    transaction.machine.respond(refusal.status, refusal.text);
    return;
  }
  dialog.remoteSeq = request.cseq?.number;
  if (arrival.connection) dialog.connection = arrival.connection;
  if (request.method === 'INVITE' || request.method === 'UPDATE') dialog.retarget(request); // target refresh
  if (!dialog.owner.open) orphaned(engine, dialog, request, transaction);
  else {
    const ending = endsDialog(dialog, request);
    if (ending) engine.dialogs.remove(dialog);
    if (request.method === 'BYE')
      writeCdr(engine, { event: 'stop', source: 'network', reason: 'normal-release' }, request);
    const { transactionId } = give(engine, transaction, request, arrival, dialog.owner, dialog);
    if (request.method === 'INVITE') dialog.inviteIn = transactionId;
    if (ending) refusePending(engine, dialog);
    if (request.method === 'PRACK') pendingInvite(engine, dialog)?.reliable?.proceed();
  }
}

interface Refused {
  readonly status: number;
  readonly text: string;
}

function dialogFault(engine: Engine, dialog: Dialog, request: SipMessage): Refused | undefined {
  const refuse = (status: number, reason: string): Refused => ({
    status,
    text: plainResponse(request, status, reason),
  });
  if (dialog.remoteSeq !== undefined && (request.cseq?.number ?? 0) < dialog.remoteSeq)
    return refuse(500, 'CSeq out of order'); // §12.2.2
  if (request.method === 'PRACK' && !acknowledges(engine, dialog, request))
    return refuse(481, 'Call/Transaction Does Not Exist'); // RFC 3262 §3
  if (tooShort(request)) return { status: 422, text: sessionTooShort(request) };
  if (request.method !== 'INVITE') return undefined;
  if (dialog.inviteOut !== undefined) return refuse(491, 'Request Pending'); // §14.2
  if (dialog.inviteIn === undefined) return undefined;
  const busy = startResponse(request, 500, 'Server Internal Error', dialog.localTag).add(
    'Retry-After',
    String(randomInt(0, 11)),
  ); // §14.2
  return { status: 500, text: finish(busy, [], undefined, '').print() };
}

function acknowledges(engine: Engine, dialog: Dialog, prack: SipMessage): boolean {
  const invite = pendingInvite(engine, dialog);
  return invite?.reliable?.acknowledge(prack.first('rack') ?? '', invite.message.cseq?.number ?? 0) ?? false;
}

const pendingInvite = (engine: Engine, dialog: Dialog): ReceivedRequest | undefined =>
  engine.received.get(dialog.inviteIn ?? '');

/** A BYE ends the dialog, and so does the last NOTIFY of a subscription (RFC 6665 §4.4.1). */
const endsDialog = (dialog: Dialog, request: SipMessage): boolean =>
  request.method === 'BYE' ||
  (dialog.kind === 'SUBSCRIBE' &&
    request.method === 'NOTIFY' &&
    /^terminated/i.test(request.first('subscription-state') ?? ''));

/** The application that had this dialog is gone, so for it the dialog is too. */
function orphaned(engine: Engine, dialog: Dialog, request: SipMessage, transaction: ServerTransaction): void {
  if (request.method === 'BYE') engine.dialogs.remove(dialog);
  transaction.machine.respond(481, plainResponse(request, 481, 'Call/Transaction Does Not Exist'));
}

/** §15.1.2: what was pending in a dialog that was just ended is answered 487. */
function refusePending(engine: Engine, dialog: Dialog): void {
  const invite = pendingInvite(engine, dialog);
  if (invite) answerFor(engine, invite, 487, 'Request Terminated');
}

/** The ACK for a 2xx of ours (§13.3.1.4). Only the first one for each INVITE means anything. */
export function receiveAck(engine: Engine, ack: SipMessage, arrival: Arrival): void {
  const dialog = engine.dialogs.byTags(ack.callId, ack.toTag, ack.fromTag);
  if (!dialog && routedThroughUs(engine.transports.listeners, ack)) {
    passAckAlong(engine, ack);
    return;
  }
  const waiting = dialog?.unacknowledged;
  if (!dialog || !waiting || waiting.seq !== ack.cseq?.number) return;
  waiting.stop();
  dialog.unacknowledged = undefined;
  dialog.owner.send(fromNetwork(ack.print(), arrival, waiting.transactionId, dialog.id, false));
}
