import type { AppConnection } from '../app/app-connection.ts';
import { type AppMessage, appHeaders, contentType, headerOf, ownContact } from '../app/app-message.ts';
import { notDone, responseSent } from '../app/app-tokens.ts';
import { Dialog, dialogId } from '../dialog/dialog.ts';
import { tagOf, untagged } from '../message/name-addr.ts';
import type { HeaderLine, SipMessage } from '../message/sip-message.ts';
import { contactOf, finish, newTag, startResponse } from './compose.ts';
import type { Engine } from './engine.ts';
import { answerFor, takeBack } from './give-request.ts';
import { learnPeer } from './peer-address.ts';
import { dialogIdOf, type ReceivedRequest } from './received-request.ts';
import { ReliableProvisionals } from './reliable-provisionals.ts';
import { answeredSession, sessionAnswer } from './session-timer.ts';
import { armSubscription } from './subscription-timer.ts';
import { repeatUntilAcknowledged } from './unacknowledged.ts';
import { cdrOfFinal } from './write-cdr.ts';

/** What a response takes from its request, never from the application. Its To may only choose our tag. */
const fromRequest: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq']);
const fromRequestOrContact: ReadonlySet<string> = new Set([...fromRequest, 'contact']);

/** An application answers a request. `id` names the application's frame, which is answered too. */
export function answer(
  engine: Engine,
  app: AppConnection,
  id: string,
  transactionId: string,
  response: AppMessage,
): void {
  const request = engine.received.get(transactionId);
  const status = Number(/^SIP\/2\.0 ([1-6]\d\d)/.exec(response.startLine)?.[1] ?? 0);
  const fault =
    !request || request.owner !== app
      ? 'Response not sent due to unknown transaction'
      : responseFault(request, status, response);
  if (!request || fault !== undefined) {
    app.send(notDone(id, fault ?? ''));
    return;
  }

  request.localTag ||= tagOf(headerOf(response, 'to') ?? '') || newTag();
  if (beginsDialog(request, status)) request.dialog = beginDialog(engine, request, response);
  const message = composeResponse(request, status, response);
  if (status >= 200 && status < 300) engine.flows.granted(request.message, request.arrival, response);
  const sent = (text: string) =>
    app.send(responseSent(id, text, request.arrival, transactionId, dialogIdOf(request)));
  if (wantsReliable(status, message)) sendReliably(engine, request, message, sent);
  else if (status < 200) sendNow(engine, request, status, message, sent);
  else if (status < 300 && request.reliable)
    request.reliable.thenFinally(() => sendNow(engine, request, status, message, sent));
  else sendNow(engine, request, status, message, sent);
}

function responseFault(request: ReceivedRequest, status: number, response: AppMessage): string | undefined {
  if (status === 0) return `not a status line: ${response.startLine}`;
  if (response.body !== '' && contentType(response) === undefined) return 'missing content-type';
  const asksReliable =
    status > 100 && status < 200 && /\b100rel\b/i.test(headerOf(response, 'require') ?? '');
  if (!asksReliable) return undefined;
  const knows = request.message.lists('supported', '100rel') || request.message.lists('require', '100rel');
  return knows && request.message.method === 'INVITE' ? undefined : 'Remote endpoint does not support 100rel'; // RFC 3262 §3
}

const setsSession = ({ message }: ReceivedRequest, status: number): boolean =>
  status >= 200 && status < 300 && (message.method === 'INVITE' || message.method === 'UPDATE');

const wantsReliable = (status: number, message: SipMessage): boolean =>
  status > 100 && status < 200 && message.lists('require', '100rel');

const beginsDialog = (request: ReceivedRequest, status: number): boolean =>
  !request.dialog &&
  status > 100 &&
  status < 300 &&
  (request.message.method === 'INVITE' || (request.message.method === 'SUBSCRIBE' && status >= 200));

/** RFC 3261 §12.1.1 */
function beginDialog(engine: Engine, request: ReceivedRequest, response: AppMessage): Dialog {
  const { message, arrival, owner, localTag } = request;
  const dialog = new Dialog({
    id: dialogId(message.callId, message.fromTag),
    callId: message.callId,
    localTag,
    remoteTag: message.fromTag,
    local: untagged(message.first('to') ?? ''),
    remote: untagged(message.first('from') ?? ''),
    localSeq: message.cseq?.number ?? 0,
    remoteSeq: message.cseq?.number,
    contact: contactFor(request, response),
    kind: message.method === 'SUBSCRIBE' ? 'SUBSCRIBE' : 'INVITE',
    listener: arrival.listener,
    owner,
  });
  dialog.routeBy(message.all('record-route'));
  learnPeer(dialog, message, arrival);
  if (message.method === 'INVITE') dialog.inviteIn = request.transactionId;
  engine.dialogs.add(dialog);
  return dialog;
}

function contactFor(request: ReceivedRequest, response: AppMessage): string {
  const chosen = headerOf(response, 'contact');
  const { listener } = request.arrival;
  return chosen === undefined
    ? (request.dialog?.contact ?? contactOf(listener))
    : ownContact(chosen, listener);
}

function composeResponse(request: ReceivedRequest, status: number, response: AppMessage): SipMessage {
  const { message, arrival } = request;
  const reason = response.startLine.slice('SIP/2.0 200 '.length);
  const composed = startResponse(message, status, reason, request.localTag);
  // §12.1.1: whatever forms a dialog or refreshes its target carries our Contact
  const withContact =
    status > 100 && status < 300 && ['INVITE', 'SUBSCRIBE', 'UPDATE'].includes(message.method);
  if (withContact) composed.add('Contact', contactFor(request, response));
  if (setsSession(request, status))
    for (const [name, value] of sessionAnswer(request, response)) composed.add(name, value);
  const headers: readonly HeaderLine[] = appHeaders(
    response,
    arrival.listener,
    withContact ? fromRequestOrContact : fromRequest,
  );
  return finish(composed, headers, contentType(response), response.body);
}

function sendReliably(
  engine: Engine,
  request: ReceivedRequest,
  message: SipMessage,
  sent: (text: string) => void,
): void {
  request.reliable ??= new ReliableProvisionals(
    engine.timers,
    (text) => request.transaction.machine.respond(message.status, text),
    () => answerFor(engine, request, 500, 'Provisional response not acknowledged'), // RFC 3262 §3
  );
  request.reliable.add(message);
  sent(message.print());
}

function sendNow(
  engine: Engine,
  request: ReceivedRequest,
  status: number,
  message: SipMessage,
  sent: (text: string) => void,
): void {
  const text = message.print();
  const { dialog } = request;
  const callBegins = request.message.method === 'INVITE' && status >= 200 && !dialog?.confirmed;
  if (status >= 200) settle(engine, request, status, text);
  if (dialog && status >= 200 && status < 300 && message.has('contact'))
    dialog.contact = message.first('contact') ?? dialog.contact;
  request.transaction.machine.respond(status, text);
  sent(text);
  if (dialog && setsSession(request, status)) answeredSession(engine, dialog, message);
  if (dialog && status >= 200 && status < 300) armSubscription(engine, dialog, request.message, message);
  if (callBegins) cdrOfFinal(engine, 'application', 'uas', message);
}

/** The final response: the application is done with this request. */
function settle(engine: Engine, request: ReceivedRequest, status: number, text: string): void {
  const { dialog, message } = request;
  const success = status < 300;
  if (
    dialog &&
    !dialog.confirmed &&
    success &&
    (message.method === 'INVITE' || message.method === 'SUBSCRIBE')
  )
    engine.dialogs.confirm(dialog);
  takeBack(engine, request);
  if (dialog && success && message.method === 'INVITE')
    repeatUntilAcknowledged(engine, request, dialog, status, text);
}
