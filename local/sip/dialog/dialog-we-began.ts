import type { AppConnection } from '../app/app-connection.ts';
import { untagged } from '../message/name-addr.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { Listener } from '../transport/flow.ts';
import { Dialog, dialogId } from './dialog.ts';

/** A request of an application that may begin dialogs. */
interface Beginning {
  readonly request: SipMessage;
  readonly listener: Listener;
  readonly owner: AppConnection;
}

/** Our side of the dialog with who has this tag (RFC 3261 §12.1.2). */
export const dialogWeBegan = (
  { request, listener, owner }: Beginning,
  kind: 'INVITE' | 'SUBSCRIBE',
  remoteTag: string,
): Dialog =>
  new Dialog({
    id: dialogId(request.callId, request.fromTag),
    callId: request.callId,
    localTag: request.fromTag,
    remoteTag,
    local: untagged(request.first('from') ?? ''),
    remote: untagged(request.first('to') ?? ''),
    localSeq: request.cseq?.number ?? 0,
    remoteSeq: undefined,
    contact: request.first('contact') ?? '',
    kind,
    listener,
    owner,
  });
