import type { AppConnection } from '../app/app-connection.ts';
import { type AppMessage, contentType, headerOf } from '../app/app-message.ts';
import { notDone, responseSent } from '../app/app-tokens.ts';
import { beginsDialogs } from '../dialog/dialog.ts';
import { tagOf } from '../message/name-addr.ts';
import type { SipMessage } from '../message/sip-message.ts';
import { beginDialog, beginsDialog } from './begin-dialog.ts';
import { newTag } from './compose.ts';
import { composeResponse, setsSession } from './compose-answer.ts';
import type { Engine } from './engine.ts';
import { answerFor, takeBack } from './give-request.ts';
import { dialogIdOf, type ReceivedRequest } from './received-request.ts';
import { ReliableProvisionals } from './reliable-provisionals.ts';
import { answeredSession } from './session-timer.ts';
import { armSubscription } from './subscription-timer.ts';
import { repeatUntilAcknowledged } from './unacknowledged.ts';
import { cdrOfFinal } from './write-cdr.ts';

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

const wantsReliable = (status: number, message: SipMessage): boolean =>
  status > 100 && status < 200 && message.lists('require', '100rel');

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
  if (dialog && !dialog.confirmed && success && beginsDialogs(message.method)) engine.dialogs.confirm(dialog);
  takeBack(engine, request);
  if (dialog && success && message.method === 'INVITE')
    repeatUntilAcknowledged(engine, request, dialog, status, text);
}
