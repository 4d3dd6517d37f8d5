import { type AppMessage, appHeaders, contentType, headerOf, ownContact } from '../app/app-message.ts';
import { beginsDialogs } from '../dialog/dialog.ts';
import type { HeaderLine, SipMessage } from '../message/sip-message.ts';
import { contactOf, finish, startResponse } from './compose.ts';
import type { ReceivedRequest } from './received-request.ts';
import { sessionAnswer } from './session-timer.ts';

/** What a response takes from its request, never from the application. Its To may only choose our tag. */
const fromRequest: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq']);
const fromRequestOrContact: ReadonlySet<string> = new Set([...fromRequest, 'contact']);

export const setsSession = ({ message }: ReceivedRequest, status: number): boolean =>
  status >= 200 && status < 300 && (message.method === 'INVITE' || message.method === 'UPDATE');

export function contactFor(request: ReceivedRequest, response: AppMessage): string {
  const chosen = headerOf(response, 'contact');
  const { listener } = request.arrival;
  return chosen === undefined
    ? (request.dialog?.contact ?? contactOf(listener))
    : ownContact(chosen, listener);
}

/** The application's response as it goes out. */
export function composeResponse(request: ReceivedRequest, status: number, response: AppMessage): SipMessage {
  const { message, arrival } = request;
  const reason = response.startLine.slice('SIP/2.0 200 '.length);
  const composed = startResponse(message, status, reason, request.localTag);
  // §12.1.1: whatever forms a dialog or refreshes its target carries our Contact
  const withContact =
    status > 100 && status < 300 && (beginsDialogs(message.method) || message.method === 'UPDATE');
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
