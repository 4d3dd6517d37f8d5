import type { AppConnection } from '../app/app-connection.ts';
import { type Dialog, dialogId } from '../dialog/dialog.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { InviteServer } from '../transaction/invite-server.ts';
import type { RequestServer } from '../transaction/request-server.ts';
import type { Arrival } from '../transport/flow.ts';
import type { ProxiedRequest } from './proxy/proxied-request.ts';
import type { ReliableProvisionals } from './reliable-provisionals.ts';

export interface ServerTransaction {
  readonly machine: InviteServer | RequestServer;
  /** what the application was given, while it may still answer */
  request: ReceivedRequest | undefined;
  /** set when it is passed on instead of being answered */
  proxied: ProxiedRequest | undefined;
}

/** A request of the network that an application was given and still owes a final response. */
export interface ReceivedRequest {
  readonly transactionId: string;
  readonly message: SipMessage;
  readonly arrival: Arrival;
  readonly transaction: ServerTransaction;
  readonly owner: AppConnection;
  /** the dialog it came in, or that answering it began */
  dialog: Dialog | undefined;
  /** the tag of To in our responses */
  localTag: string;
  reliable: ReliableProvisionals | undefined;
}

/** '' when the request can begin no dialog and came in none. */
export function dialogIdOf(request: ReceivedRequest): string {
  if (request.dialog) return request.dialog.id;
  return request.message.method === 'INVITE' && request.localTag !== ''
    ? dialogId(request.message.callId, request.message.fromTag)
    : '';
}
