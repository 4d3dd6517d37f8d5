import type { AppMessage } from '../app/app-message.ts';
import { Dialog, dialogId, subscribes } from '../dialog/dialog.ts';
import { untagged } from '../message/name-addr.ts';
import { contactFor } from './compose-answer.ts';
import type { Engine } from './engine.ts';
import { learnPeer } from './peer-address.ts';
import type { ReceivedRequest } from './received-request.ts';

export const beginsDialog = (request: ReceivedRequest, status: number): boolean =>
  !request.dialog &&
  status > 100 &&
  status < 300 &&
  (request.message.method === 'INVITE' || (subscribes(request.message.method) && status >= 200));

/** RFC 3261 §12.1.1 */
export function beginDialog(engine: Engine, request: ReceivedRequest, response: AppMessage): Dialog {
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
    kind: subscribes(message.method) ? 'SUBSCRIBE' : 'INVITE',
    listener: arrival.listener,
    owner,
  });
  dialog.routeBy(message.all('record-route'));
  learnPeer(dialog, message, arrival);
  if (message.method === 'INVITE') dialog.inviteIn = request.transactionId;
  engine.dialogs.add(dialog);
  return dialog;
}
